import type { Change, ChangeBody, Message } from "@parley/contracts";
import type { Catchup, ChatPosition, HolePosition } from "@parley/engine";
import { createLogger } from "@parley/platform";
import { until } from "@parley/testing";
import { afterEach, describe, expect, it } from "vitest";
import { FanOutClient } from "../testing/fan-out-client.js";
import { FanOut } from "./fan-out.js";

const CHAT = "00000000-0000-7000-8000-000000000001";
const log = createLogger({ level: "silent", node: "test", name: "test" });

const fanOuts: FanOut[] = [];
afterEach(() => {
  for (const fanOut of fanOuts.splice(0)) fanOut.close();
});

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

interface Database {
  /** What readMissed finds after a position of the chat. */
  missed?: (after: HolePosition) => Promise<Catchup>;
  arrival?: ChatPosition;
}

function setUp({ missed, arrival }: Database = {}) {
  const reads: ChatPosition[] = [];
  const fanOut = new FanOut({
    log,
    readMissed: async ([after]) => {
      if (after === undefined || missed === undefined) return new Map();
      reads.push({ ...after });
      return new Map([[CHAT, await missed(after)]]);
    },
    readArrival: async () => arrival ?? null,
  });
  fanOuts.push(fanOut);
  const connect = (client: FanOutClient, positions: ChatPosition[] = [{ chatId: CHAT, rev: 0, seq: 0 }]) => {
    fanOut.follow(fanOut.users.add(client), positions);
    return client;
  };
  const accept = (...changes: Change[]) => fanOut.accept({ changes, signals: [] });
  return { fanOut, reads, connect, accept };
}

describe("FanOut", () => {
  it("delivers to every connection of the named members, and to nobody else", () => {
    const { connect, accept } = setUp();
    const phone = connect(new FanOutClient("1", "alice"));
    const laptop = connect(new FanOutClient("2", "alice"));
    const bob = connect(new FanOutClient("3", "bob"));
    const eve = connect(new FanOutClient("4", "eve"), []);
    accept(created(1), created(2));
    expect([phone, laptop, bob].map((client) => client.seqs)).toEqual([
      [1, 2],
      [1, 2],
      [1, 2],
    ]);
    expect(eve.heard).toEqual([]);
  });

  it("puts two nodes' packets into the chat's order, and delivers nothing twice", () => {
    const { connect, accept, reads } = setUp();
    const bob = connect(new FanOutClient("1", "bob"));
    accept(created(3), created(2));
    expect(bob.seqs).toEqual([]);
    accept(created(1));
    accept(created(1), created(2), created(3), created(4));
    expect(bob.seqs).toEqual([1, 2, 3, 4]);
    expect(reads).toEqual([]);
  });

  it("reads a hole from the database when the missing change does not come", async () => {
    const { connect, accept, reads } = setUp({
      missed: async (after) => ({
        changes: [created(after.seq + 1), created(after.seq + 2), created(after.seq + 3)],
        position: { chatId: CHAT, rev: after.rev + 3, seq: after.seq + 3 },
        removed: [],
        more: false,
      }),
    });
    const bob = connect(new FanOutClient("1", "bob"));
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
    const { connect, accept, reads } = setUp({
      missed: async (after) => {
        if (broken) {
          broken = false;
          throw new Error("no database");
        }
        const changes = [created(after.seq + 1)];
        return { changes, position: { chatId: CHAT, rev: 1, seq: 1 }, removed: [], more: false };
      },
    });
    const bob = connect(new FanOutClient("1", "bob"));
    accept(created(2));
    await until(() => reads.length === 1, "the first read has failed");
    accept(created(3));
    await until(() => bob.seqs.length === 3, "everything arrived");
    expect(bob.seqs).toEqual([1, 2, 3]);
  });

  it("gives an added member the stream from then on, and a removed one nothing more", () => {
    const { connect, accept } = setUp();
    const alice = connect(new FanOutClient("1", "alice"));
    const carol = connect(new FanOutClient("2", "carol"), []);
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
    const { fanOut, connect, accept } = setUp({
      missed: async () => ({
        changes: [changed(9, { name: "message.created", message: missed }, { audience: null, seq: 7 })],
        position: { chatId: CHAT, rev: 9, seq: 7 },
        removed: [],
        more: false,
      }),
    });
    const late = new FanOutClient("1", "late");
    const user = fanOut.users.add(late);
    // The commit is heard after the position was read and before it is followed.
    accept(changed(9, { name: "message.created", message: missed }, { audience: null, seq: 7 }));
    fanOut.follow(user, [{ chatId: CHAT, rev: 8, seq: 6 }]);
    await until(() => late.seqs.length === 1, "the message arrives");
    const other = connect(new FanOutClient("2", "other"), [{ chatId: CHAT, rev: 9, seq: 7 }]);
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
    const member = connect(new FanOutClient("1", "member"), [{ chatId: CHAT, rev: 4, seq: 4 }]);
    const removed = new FanOutClient("2", "removed");
    const user = fanOut.users.add(removed);
    accept(changed(5, { name: "member.removed", userId: "removed" }, { audience: null, seq: 4 }));
    fanOut.follow(user, [{ chatId: CHAT, rev: 4, seq: 4 }]);
    accept({ ...created(5, null), rev: 6 });
    expect(member.seqs).toEqual([5]);
    expect(removed.seqs).toEqual([]);
  });

  it("leaves out the connection that caused a change, and only that one", () => {
    const { connect, accept } = setUp();
    const reading = connect(new FanOutClient("1", "bob"));
    const otherDevice = connect(new FanOutClient("2", "bob"));
    const alice = connect(new FanOutClient("3", "alice"));
    const at = "2026-01-01T00:00:00.000Z";
    const read = changed(1, { name: "messages.read", userId: "bob", readSeq: 0, messageIds: [], at });
    accept({ ...read, exceptConnection: "1" });
    expect([reading, otherDevice, alice].map((client) => client.events("messages_read").length)).toEqual([
      0, 1, 1,
    ]);
  });

  it("forgets a chat when the last of its members has gone", () => {
    const { fanOut, connect, accept } = setUp();
    const alice = connect(new FanOutClient("1", "alice"));
    const bob = connect(new FanOutClient("2", "bob"));
    accept(created(2));
    fanOut.users.remove(alice);
    expect(fanOut.users.chatCount).toBe(1);
    fanOut.users.remove(bob);
    accept(created(3));
    expect(fanOut.users.chatCount).toBe(0);
  });

  it("sends passing news to the others only", () => {
    const { fanOut, connect } = setUp();
    const alice = connect(new FanOutClient("1", "alice"));
    const bob = connect(new FanOutClient("2", "bob"));
    const body = { name: "typing.changed", userId: "alice", role: "user", action: "start", at: "" } as const;
    for (const audience of [["alice", "bob"], null]) {
      fanOut.accept({ changes: [], signals: [{ chatId: CHAT, audience, exceptUser: "alice", body }] });
    }
    expect(alice.events("typing_indicator")).toHaveLength(0);
    expect(bob.events("typing_indicator")).toHaveLength(2);
  });

  it("begins at a member's arrival in a chat whose coming was not heard", async () => {
    const { connect, accept } = setUp({
      arrival: { chatId: CHAT, rev: 0, seq: 0 },
      missed: async (after) => ({
        changes: [created(1), created(2), created(3)].filter((change) => change.rev > after.rev),
        position: { chatId: CHAT, rev: 3, seq: 3 },
        removed: [],
        more: false,
      }),
    });
    const bob = connect(new FanOutClient("1", "bob"), []);
    accept(created(3));
    await until(() => bob.seqs.length === 3, "the beginning is read");
    accept(created(4));
    expect(bob.seqs).toEqual([1, 2, 3, 4]);
  });

  it("reads what the log of commits says has happened, and brings arrivals in", async () => {
    const { fanOut, connect, reads } = setUp({
      missed: async (after) => ({
        changes: [created(1), created(2)].filter((change) => change.rev > after.rev),
        position: { chatId: CHAT, rev: 2, seq: 2 },
        removed: [],
        more: false,
      }),
    });
    const bob = connect(new FanOutClient("1", "bob"), []);
    const quiet = { joined: [], before: null };
    fanOut.expect([{ chatId: "elsewhere", rev: 5, seq: 5, ...quiet }], { atOnce: true });
    fanOut.expect([{ chatId: CHAT, rev: 2, seq: 2, joined: ["bob"], before: { rev: 0, seq: 0 } }], {
      atOnce: true,
    });
    await until(() => bob.seqs.length === 2, "both messages are read");
    fanOut.expect([{ chatId: CHAT, rev: 2, seq: 2, ...quiet }], { atOnce: true });
    expect(reads).toHaveLength(1);
  });

  it("leaves holes only where it is told to, for tests that show what reading is for", async () => {
    const { fanOut, reads } = setUp({ missed: async () => Promise.reject(new Error("must not be read")) });
    fanOut.close();
    const careless = new FanOut({
      log,
      readMissed: async () => Promise.reject(new Error("must not be read")),
      readArrival: async () => null,
      catchUp: false,
    });
    fanOuts.push(careless);
    const bob = new FanOutClient("1", "bob");
    careless.follow(careless.users.add(bob), [{ chatId: CHAT, rev: 0, seq: 0 }]);
    careless.accept({ changes: [created(1), created(3)], signals: [] });
    await until(() => bob.seqs.length === 2, "the later message is delivered");
    expect(bob.seqs).toEqual([1, 3]);
    expect(reads).toEqual([]);
  });

  it("goes on after a change that it does not understand", () => {
    const { connect, accept } = setUp();
    const bob = connect(new FanOutClient("1", "bob"));
    const fromTheFuture = { name: "chat.renamed", title: "x" } as unknown as ChangeBody;
    const strange = {
      ...message(3, 3),
      type: "order_update" as const,
      metadata: { order_id: { toString: 1 } },
    };
    accept(created(1), changed(2, fromTheFuture, { seq: 1 }));
    accept(changed(3, { name: "message.created", message: strange }, { seq: 2 }), { ...created(4), rev: 4 });
    expect(bob.seqs).toEqual([1, 3, 4]);
  });

  it("keeps nothing for somebody who has gone before their chats were read", () => {
    const { fanOut, accept } = setUp();
    const bob = new FanOutClient("1", "bob");
    const user = fanOut.users.add(bob);
    fanOut.users.remove(bob);
    fanOut.follow(user, [{ chatId: CHAT, rev: 0, seq: 0 }]);
    accept(created(1));
    expect(fanOut.users.chatCount).toBe(0);
  });

  it("does not let a late packet bring a removed member back", () => {
    const { connect, accept } = setUp();
    const bob = connect(new FanOutClient("1", "bob"), []);
    const leaving = changed(10, { name: "member.removed", userId: "bob" }, { audience: null, seq: 8 });
    accept(leaving, { ...created(8, ["alice", "bob"]), rev: 9 }, { ...created(9, null), rev: 11 });
    expect(bob.seqs).toEqual([]);
  });

  it("reads once more when news came while it read", async () => {
    let release = (): void => undefined;
    const first = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { fanOut, connect, reads } = setUp({
      missed: async (after) => {
        const seq = after.seq + 1;
        if (seq === 1) await first;
        return {
          changes: [created(seq)],
          removed: [],
          position: { chatId: CHAT, rev: seq, seq },
          more: false,
        };
      },
    });
    const bob = connect(new FanOutClient("1", "bob"));
    const news = (rev: number) => ({ chatId: CHAT, rev, seq: rev, joined: [], before: null });
    fanOut.expect([news(1)], { atOnce: true });
    await until(() => reads.length === 1, "the first read is under way");
    fanOut.expect([news(2)], { atOnce: true });
    release();
    await until(() => bob.seqs.length === 2, "the second message is read, too");
    expect(bob.seqs).toEqual([1, 2]);
  });

  it("tells somebody who is out of a large chat that, and nothing of the hole", async () => {
    const { fanOut, connect, accept } = setUp({
      missed: async () => ({
        changes: [
          { ...created(1, null), rev: 2 },
          changed(1, { name: "member.removed", userId: "bob" }, { audience: null, seq: 1 }),
        ],
        removed: [{ userId: "bob", rev: 1 }],
        position: { chatId: CHAT, rev: 2, seq: 1 },
        more: false,
      }),
    });
    const alice = connect(new FanOutClient("1", "alice"));
    const bob = connect(new FanOutClient("2", "bob"));
    fanOut.expect([{ chatId: CHAT, rev: 2, seq: 1, joined: [], before: null }], { atOnce: true });
    await until(() => alice.seqs.length === 1, "the member hears what was said");
    expect(bob.seqs).toEqual([]);
    expect(bob.events("member_removed")).toHaveLength(1);
    const again = { chatId: CHAT, rev: 2, seq: 1, joined: ["bob"], before: { rev: 0, seq: 0 } };
    fanOut.expect([again], { atOnce: true });
    accept({ ...created(2, null), rev: 3 });
    expect(alice.seqs).toEqual([1, 2]);
    expect(bob.seqs).toEqual([]);
  });

  it("goes on when a held change takes the chat's last member away", () => {
    const { connect, accept } = setUp();
    const bob = connect(new FanOutClient("1", "bob"));
    accept(changed(2, { name: "member.removed", userId: "bob" }, { seq: 1 }), created(1));
    expect(bob.seqs).toEqual([1]);
    expect(bob.events("member_removed")).toHaveLength(1);
  });

  it("doubles nothing when the second page of a long hole can't be read at first", async () => {
    let broken = true;
    const { connect, accept, reads } = setUp({
      missed: async (after) => {
        if (after.seq === 0) {
          const position = { chatId: CHAT, rev: 0, seq: 2, hole: { seq: 0, rev: 3 } };
          return { changes: [created(1), created(2)], removed: [], position, more: true };
        }
        if (broken) {
          broken = false;
          throw new Error("no database");
        }
        return {
          changes: [created(3)],
          removed: [],
          position: { chatId: CHAT, rev: 3, seq: 3 },
          more: false,
        };
      },
    });
    const bob = connect(new FanOutClient("1", "bob"));
    accept(created(3));
    await until(() => reads.length === 2, "the second page has failed");
    accept(created(1), created(2));
    await until(() => bob.seqs.length === 3, "the rest is read");
    accept(created(4));
    expect(bob.seqs).toEqual([1, 2, 3, 4]);
  });
});
