import type { Change, ChangeBody, Message } from "@parley/contracts";
import type { Catchup, ChatPosition, HolePosition } from "@parley/engine";

import { until } from "@parley/testing";
import { afterEach, describe, expect, it } from "vitest";
import { FanOut } from "./fan-out.js";
import type { Receiver } from "./live-user.js";

const CHAT = "00000000-0000-7000-8000-000000000001";
const errors: unknown[] = [];
const log: any = {
  error: (x: any) => errors.push(String(x.err)),
  warn: () => {},
  info: () => {},
  debug: () => {},
};

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

const tick = (ms = 30) => new Promise((r) => setTimeout(r, ms));
  missed?: (after: HolePosition) => Promise<Catchup>;
  arrival?: ChatPosition;
}

function unused() {}
const page = (changes: Change[], rev: number, seq: number, more = false, hole?: any): Catchup => ({
  changes,
  position: { chatId: CHAT, rev, seq, ...(hole ? { hole } : {}) },
  more,
});
function mk(missed: (after: HolePosition) => Promise<Catchup>) {
  const fanOut = new FanOut({
    log,
    readMissed: async ([a]) => new Map([[CHAT, await missed(a!)]]),
    readArrival: async () => null,
  });
  fanOuts.push(fanOut);
  return {
    fanOut,
    connect: (c: Client, p: ChatPosition[] = [{ chatId: CHAT, rev: 0, seq: 0 }]) => {
      fanOut.follow(fanOut.users.add(c), p);
      return c;
    },
    accept: (...changes: Change[]) => fanOut.accept({ changes, signals: [] }),
  };
}
describe("scratch", () => {
  it("T1 commit-log news during a read is forgotten", async () => {
    let release!: () => void;
    let reads = 0;
    let stored = 1;
    const { fanOut, connect } = mk(async (a) => {
      reads++;
      const upto = stored;
      if (reads === 1) await new Promise<void>((r) => (release = r));
      const cs: Change[] = [];
      for (let i = a.rev + 1; i <= upto; i++) cs.push(created(i));
      return page(cs, upto, upto);
    });
    const bob = connect(new Client("1", "bob"));
    const c = (rev: number) => [{ chatId: CHAT, rev, seq: rev, joined: [], before: null }];
    fanOut.expect(c(1), { atOnce: true });
    await tick();
    stored = 2;
    fanOut.expect(c(2), { atOnce: true });
    release();
    await tick(2500);
    console.log("T1 heard", bob.seqs, "reads", reads, "expected [1,2]");
  });
  it("T2 held null", () => {
    errors.length = 0;
    const { connect, accept } = mk(async () => page([], 0, 0));
    connect(new Client("1", "bob"));
    accept(changed(2, { name: "member.removed", userId: "bob" } as any));
    accept(created(1));
    console.log("T2 errors", errors);
  });
  it("T2b the same after a fill takes the batch down", async () => {
    errors.length = 0;
    const warns: string[] = [];
    const OTHER = CHAT.replace(/1$/, "2");
    let n = 0;
    let release!: () => void;
    const fanOut = new FanOut({
      log: { ...log, warn: (x: any) => warns.push(String(x.err)) },
      readArrival: async () => null,
      readMissed: async (ps) => {
        n++;
        if (n === 1) await new Promise<void>((r) => (release = r));
        return new Map(
          ps.map((p) =>
            p.chatId === CHAT
              ? [CHAT, page([created(1)], 1, 1)]
              : [
                  OTHER,
                  {
                    changes: [{ ...created(1), chatId: OTHER, audience: ["carol"] }],
                    position: { chatId: OTHER, rev: 1, seq: 1 },
                    more: false,
                  },
                ],
          ) as any,
        );
      },
    });
    fanOuts.push(fanOut);
    fanOut.follow(fanOut.users.add(new Client("1", "bob")), [{ chatId: CHAT, rev: 0, seq: 0 }]);
    const carol = new Client("2", "carol");
    fanOut.follow(fanOut.users.add(carol), [{ chatId: OTHER, rev: 0, seq: 0 }]);
    fanOut.expect(
      [CHAT, OTHER].map((chatId) => ({ chatId, rev: 1, seq: 1, joined: [], before: null })),
      { atOnce: true },
    );
    await tick();
    fanOut.accept({
      changes: [changed(2, { name: "member.removed", userId: "bob" } as any, { seq: 1 })],
      signals: [],
    });
    release();
    await tick(50);
    console.log("T2b warns", warns, "carol after 50 ms", carol.seqs);
    await tick(1200);
    console.log("carol after 1.2s", carol.seqs, n);
  });
  it("T3 large chat: removed member hears what came after", async () => {
    const { fanOut, connect } = mk(async () =>
      page(
        [
          created(2, null),
          changed(1, { name: "member.removed", userId: "bob" } as any, { audience: null, seq: 1 }),
        ],
        2,
        1,
      ),
    );
    const bob = connect(new Client("1", "bob"));
    connect(new Client("2", "alice"));
    fanOut.expect([{ chatId: CHAT, rev: 2, seq: 1, joined: [], before: null }], { atOnce: true });
    await tick();
    console.log("T3 bob (removed at rev 1) heard messages of rev", bob.seqs);
  });
  it("T4 large chat: removal by hole, then join row told again", async () => {
    const { fanOut, connect, accept } = mk(async () =>
      page([changed(8, { name: "member.removed", userId: "bob" } as any, { audience: null, seq: 0 })], 8, 0),
    );
    const bob = connect(new Client("1", "bob"), [{ chatId: CHAT, rev: 7, seq: 0 }]);
    connect(new Client("2", "alice"), [{ chatId: CHAT, rev: 7, seq: 0 }]);
    const rows = [
      { chatId: CHAT, rev: 8, seq: 0, joined: [], before: null },
      { chatId: CHAT, rev: 6, seq: 0, joined: ["bob"], before: { rev: 5, seq: 0 } },
    ];
    fanOut.expect(rows, { atOnce: true });
    await tick();
    fanOut.expect(rows, { atOnce: true });
    await tick();
    accept({ ...created(9, null) });
    console.log("T4 bob, removed at 8, heard", bob.seqs);
  });
  it("T5 page 2 fails", async () => {
    let n = 0;
    const { fanOut, connect, accept } = mk(async (a) => {
      n++;
      if (n === 1) return page([created(1), created(2)], 0, 2, true, { seq: 0, rev: 3 });
      if (n === 2) throw new Error("db");
      const cs: Change[] = [];
      for (let i = a.seq + 1; i <= 3; i++) cs.push(created(i));
      return page(cs, 3, 3);
    });
    const bob = connect(new Client("1", "bob"));
    fanOut.expect([{ chatId: CHAT, rev: 3, seq: 3, joined: [], before: null }], { atOnce: true });
    await tick(50);
    accept(created(1));
    await tick(1500);
    console.log("T5 bob", bob.seqs, "reads", n);
  });
  it("T6 join told while connecting", async () => {
    const { fanOut, accept } = mk(async () => page([], 9, 0));
    const bob = new Client("1", "bob");
    const user = fanOut.users.add(bob);
    fanOut.expect([{ chatId: CHAT, rev: 6, seq: 0, joined: ["bob"], before: { rev: 5, seq: 0 } }], {
      atOnce: true,
    });
    fanOut.follow(user, []);
    await tick();
    accept({ ...created(7, null) });
    fanOut.expect([{ chatId: CHAT, rev: 7, seq: 7, joined: [], before: null }], { atOnce: true });
    await tick(200);
    console.log("T6 follows", fanOut.users.isFollowed(user, CHAT), bob.seqs);
  });
  it("T7 large chat, another member here, commit while connecting", async () => {
    const { fanOut, connect, accept } = mk(async () => page([], 1, 1));
    connect(new Client("2", "alice"));
    const bob = new Client("1", "bob");
    const user = fanOut.users.add(bob);
    accept(created(1, null));
    fanOut.follow(user, [{ chatId: CHAT, rev: 0, seq: 0 }]);
    await tick(200);
    console.log("T7 bob", bob.seqs);
  });
});
