import type { Change, ChangeBody, Message } from "@parley/contracts";
import type { Catchup, ChatPosition } from "@parley/engine";
import { createLogger } from "@parley/platform";
import { until } from "@parley/testing";
import { afterEach, describe, expect, it } from "vitest";
import { FanOut } from "./fan-out.js";
import type { Receiver } from "./live-user.js";

const CHAT = "00000000-0000-7000-8000-000000000001";
const log = createLogger({ level: "silent", node: "test", name: "test" });

const fanOuts: FanOut[] = [];
afterEach(() => {
  for (const fanOut of fanOuts.splice(0)) fanOut.close();
});

class Client implements Receiver {
  readonly frames: string[] = [];
  constructor(
    readonly id: string,
    readonly userId: string,
  ) {}
  deliver(frame: string): void {
    this.frames.push(frame);
  }
  /** The numbers of the messages heard, in the order heard. */
  get seqs(): number[] {
    return this.events("new_message").map((payload) => Number(payload.seq));
  }
  events(name: string): Array<Record<string, unknown>> {
    return this.frames
      .map((frame) => JSON.parse(frame.slice(frame.indexOf("["))) as [string, Record<string, unknown>])
      .filter(([event]) => event === name)
      .map(([, payload]) => payload);
  }
}

function message(seq: number, rev = seq): Message {
  return {
    id: `00000000-0000-7000-8000-${String(seq).padStart(12, "0")}`,
    number: seq,
    chatId: CHAT,
    seq,
    rev,
    senderId: "alice",
    senderRole: "user",
    content: `message ${seq}`,
    type: "text",
    attachmentUrl: null,
    attachmentType: null,
    metadata: null,
    replyTo: null,
    reactions: [],
    clientId: null,
    createdAt: "2026-01-01T00:00:00.000Z",
    editedAt: null,
    deletedAt: null,
    readAt: null,
  };
}

const created = (seq: number, audience: string[] | null = ["alice", "bob"]): Change =>
  changed(seq, { name: "message.created", message: message(seq) }, { audience, seq });

function changed(
  rev: number,
  body: ChangeBody,
  { audience = ["alice", "bob"], seq = 0 }: { audience?: string[] | null; seq?: number } = {},
): Change {
  return { chatId: CHAT, rev, seq, audience, body };
}

function setUp(readChanges: (after: ChatPosition) => Promise<Catchup | null> = async () => null) {
  const reads: ChatPosition[] = [];
  const fanOut = new FanOut({
    log,
    readChanges: (after) => {
      reads.push({ ...after });
      return readChanges(after);
    },
  });
  fanOuts.push(fanOut);
  const connect = (client: Client, positions: ChatPosition[] = [{ chatId: CHAT, rev: 0, seq: 0 }]) => {
    fanOut.follow(fanOut.users.add(client), positions);
    return client;
  };
  const accept = (...changes: Change[]) => fanOut.accept({ changes, signals: [] });
  return { fanOut, reads, connect, accept };
}

describe("FanOut", () => {
  it("delivers to every connection of the named members, and to nobody else", () => {
    const { connect, accept } = setUp();
    const phone = connect(new Client("1", "alice"));
    const laptop = connect(new Client("2", "alice"));
    const bob = connect(new Client("3", "bob"));
    const eve = connect(new Client("4", "eve"), []);
    accept(created(1), created(2));
    expect([phone, laptop, bob].map((client) => client.seqs)).toEqual([
      [1, 2],
      [1, 2],
      [1, 2],
    ]);
    expect(eve.frames).toEqual([]);
  });

  it("puts two nodes' packets into the chat's order, and delivers nothing twice", () => {
    const { connect, accept, reads } = setUp();
    const bob = connect(new Client("1", "bob"));
    accept(created(3), created(2));
    expect(bob.seqs).toEqual([]);
    accept(created(1));
    accept(created(1), created(2), created(3), created(4));
    expect(bob.seqs).toEqual([1, 2, 3, 4]);
    expect(reads).toEqual([]);
  });

  it("reads a hole from the database when the missing change does not come", async () => {
    const { connect, accept, reads } = setUp(async (after) => ({
      changes: [created(after.seq + 1), created(after.seq + 2), created(after.seq + 3)],
      position: { chatId: CHAT, rev: after.rev + 3, seq: after.seq + 3 },
      more: false,
      memberIds: ["alice", "bob"],
    }));
    const bob = connect(new Client("1", "bob"));
    accept(created(1));
    accept(created(3), created(5));
    await until(() => bob.seqs.length >= 5, "the hole is filled");
    expect(bob.seqs).toEqual([1, 2, 3, 4, 5]);
    expect(reads).toEqual([{ chatId: CHAT, rev: 1, seq: 1 }]);
    accept(created(2), created(6));
    expect(bob.seqs).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("tries again when the database can't be read, and holds what comes meanwhile", async () => {
    let broken = true;
    const { connect, accept, reads } = setUp(async (after) => {
      if (broken) {
        broken = false;
        throw new Error("no database");
      }
      const changes = [created(after.seq + 1)];
      return { changes, position: { chatId: CHAT, rev: 1, seq: 1 }, more: false, memberIds: [] };
    });
    const bob = connect(new Client("1", "bob"));
    accept(created(2));
    await until(() => reads.length === 1, "the first read has failed");
    accept(created(3));
    await until(() => bob.seqs.length === 3, "everything arrived");
    expect(bob.seqs).toEqual([1, 2, 3]);
  });

  it("gives an added member the stream from then on, and a removed one nothing more", () => {
    const { connect, accept } = setUp();
    const alice = connect(new Client("1", "alice"));
    const carol = connect(new Client("2", "carol"), []);
    const three = ["alice", "bob", "carol"];
    accept(created(1));
    accept(changed(2, { name: "member.added", userId: "carol" }, { audience: three, seq: 1 }));
    accept({ ...created(2, three), rev: 3 });
    accept(changed(4, { name: "member.removed", userId: "carol" }, { audience: three, seq: 2 }));
    accept({ ...created(3), rev: 5 });
    expect(alice.seqs).toEqual([1, 2, 3]);
    expect(carol.seqs).toEqual([2]);
    expect(carol.events("member_added")).toHaveLength(1);
    expect(carol.events("member_removed")).toHaveLength(1);
  });

  it("delivers a large chat to those whom the node knows to be in it, also to one who connects during a commit", async () => {
    const missed = message(7, 9);
    const { fanOut, connect, accept } = setUp(async () => ({
      changes: [changed(9, { name: "message.created", message: missed }, { audience: null, seq: 7 })],
      position: { chatId: CHAT, rev: 9, seq: 7 },
      more: false,
      memberIds: [],
    }));
    const late = new Client("1", "late");
    const user = fanOut.users.add(late);
    // The commit is heard after the position was read and before it is followed.
    accept(changed(9, { name: "message.created", message: missed }, { audience: null, seq: 7 }));
    fanOut.follow(user, [{ chatId: CHAT, rev: 8, seq: 6 }]);
    await until(() => late.seqs.length === 1, "the message arrives");
    const other = connect(new Client("2", "other"), [{ chatId: CHAT, rev: 9, seq: 7 }]);
    accept({ ...created(8, null), rev: 10 });
    expect(late.seqs).toEqual([7, 8]);
    expect(other.seqs).toEqual([8]);
    accept(changed(11, { name: "member.removed", userId: "late" }, { audience: null, seq: 8 }));
    accept({ ...created(9, null), rev: 12 });
    expect(late.seqs).toEqual([7, 8]);
    expect(other.seqs).toEqual([8, 9]);
  });

  it("does not let somebody back in who was removed while their chats were being read", () => {
    const { fanOut, connect, accept } = setUp();
    const member = connect(new Client("1", "member"), [{ chatId: CHAT, rev: 4, seq: 4 }]);
    const removed = new Client("2", "removed");
    const user = fanOut.users.add(removed);
    accept(changed(5, { name: "member.removed", userId: "removed" }, { audience: null, seq: 4 }));
    fanOut.follow(user, [{ chatId: CHAT, rev: 4, seq: 4 }]);
    accept({ ...created(5, null), rev: 6 });
    expect(member.seqs).toEqual([5]);
    expect(removed.seqs).toEqual([]);
  });

  it("leaves out the connection that caused a change, and only that one", () => {
    const { connect, accept } = setUp();
    const reading = connect(new Client("1", "bob"));
    const otherDevice = connect(new Client("2", "bob"));
    const alice = connect(new Client("3", "alice"));
    const at = "2026-01-01T00:00:00.000Z";
    const read = changed(1, { name: "messages.read", userId: "bob", readSeq: 0, messageIds: [], at });
    accept({ ...read, exceptConnection: "1" });
    expect([reading, otherDevice, alice].map((client) => client.events("messages_read").length)).toEqual([
      0, 1, 1,
    ]);
  });

  it("forgets a chat when the last of its members has gone", () => {
    const { fanOut, connect, accept } = setUp();
    const alice = connect(new Client("1", "alice"));
    const bob = connect(new Client("2", "bob"));
    accept(created(2));
    fanOut.users.remove(alice);
    expect(fanOut.users.chatCount).toBe(1);
    fanOut.users.remove(bob);
    expect(fanOut.users.chatCount).toBe(0);
    accept(created(3));
    expect(fanOut.users.chatCount).toBe(0);
  });

  it("sends passing news to the others only", () => {
    const { fanOut, connect } = setUp();
    const alice = connect(new Client("1", "alice"));
    const bob = connect(new Client("2", "bob"));
    const body = { name: "typing.changed", userId: "alice", role: "user", action: "start", at: "" } as const;
    for (const audience of [["alice", "bob"], null]) {
      fanOut.accept({ changes: [], signals: [{ chatId: CHAT, audience, exceptUser: "alice", body }] });
    }
    expect(alice.events("typing_indicator")).toHaveLength(0);
    expect(bob.events("typing_indicator")).toHaveLength(2);
  });
});
