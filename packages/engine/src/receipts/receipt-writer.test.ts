import type { Pool } from "pg";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Database } from "../database/database.js";
import { untraced } from "../trace-port.js";
import type { PositionRequest } from "./move-positions.js";
import { ReceiptWriter } from "./receipt-writer.js";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

type Step = "moved" | "held" | "lock-timeout";

/** A database that moves every position, or does what it is told to; it remembers each statement's requests. */
function scriptedPool(script: Step[] = []) {
  const statements: string[][] = [];
  const query = async ({ values }: { values: unknown[][] }) => {
    const step = script.shift() ?? "moved";
    const [chats = [], users = [], kinds = [], seqs = []] = values as string[][];
    statements.push(chats.map((chat, index) => `${kinds[index]} ${chat} ${users[index]} ${seqs[index]}`));
    await Promise.resolve();
    if (step === "lock-timeout") throw Object.assign(new Error("canceling statement"), { code: "55P03" });
    if (users.includes("bad")) throw Object.assign(new Error("invalid byte sequence"), { code: "22021" });
    const rows = chats.map((chat, index) => ({
      place: index + 1,
      outcome: step === "held" && chat === "held" ? "held" : "ok",
      read_seq: 1,
      shown_seq: 1,
      delivered_seq: 1,
      last_seq: 1,
      read_rev: null,
      delivered_rev: null,
      is_private: false,
      moved_at: new Date(),
      audience: null,
    }));
    return { rows };
  };
  return { statements, pool: { query } as unknown as Pool };
}

function writerOn(pool: Pool, queueLimit = 1_000): ReceiptWriter {
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const onCommitted = () => undefined;
  return new ReceiptWriter({ database: { pool } as Database, log, trace: untraced, queueLimit, onCommitted });
}

/** A request of ann's in the chat named chat, unless it says otherwise. */
const request = (
  kind: "read" | "delivered",
  seq: number,
  who: { chatId?: string; userId?: string } = {},
): PositionRequest => ({ kind, chatId: "chat", userId: "ann", upTo: { seq }, ...who });

it("does not let read positions wait, and lets delivered marks wait for company", async () => {
  const { statements, pool } = scriptedPool();
  const writer = writerOn(pool);
  const marks = [writer.move(request("delivered", 1, { userId: "bob" }))];
  await writer.move(request("read", 7));
  expect(statements).toEqual([["read chat ann 7"]]);
  await vi.advanceTimersByTimeAsync(150);
  marks.push(writer.move(request("delivered", 2, { userId: "bob" })));
  await vi.advanceTimersByTimeAsync(49);
  expect(statements).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  await Promise.all(marks);
  expect(statements[1]).toEqual(["delivered chat bob 1", "delivered chat bob 2"]);
});

it("takes delivered marks along with a read position of the same member, and nobody else's", async () => {
  const { statements, pool } = scriptedPool();
  const writer = writerOn(pool);
  const mark = writer.move(request("delivered", 9));
  const others = [
    writer.move(request("delivered", 9, { chatId: "other" })),
    writer.move(request("delivered", 9, { userId: "bob" })),
  ];
  await Promise.all([mark, writer.move(request("read", 9))]);
  expect(statements).toEqual([["read chat ann 9", "delivered chat ann 9"]]);
  await Promise.all([writer.drain(), ...others]);
  expect(statements).toHaveLength(2);
});

it("puts what arrives during a commit into the next one, and bounds a commit", async () => {
  const { statements, pool } = scriptedPool();
  const writer = writerOn(pool);
  await Promise.all(Array.from({ length: 600 }, (_, seq) => writer.move(request("read", seq))));
  expect(statements.map((requests) => requests.length)).toEqual([256, 256, 88]);
  const messageIds = Array.from({ length: 200 }, (_, index) => `${index}`);
  const named = { ...request("read", 0), upTo: { messageIds } };
  await Promise.all(Array.from({ length: 30 }, () => writer.move(named)));
  expect(statements.slice(3).map((requests) => requests.length)).toEqual([20, 10]);
});

it("loses only the request whose data breaks the statement", async () => {
  const { pool } = scriptedPool();
  const writer = writerOn(pool);
  const users = ["a", "b", "bad", "c", "d", "e"];
  const settled = await Promise.allSettled(
    users.map((user) => writer.move(request("read", 1, { userId: user }))),
  );
  expect(settled.map(({ status }) => status === "fulfilled")).toEqual([true, true, false, true, true, true]);
});

it("goes on with the others while a chat is held, and comes back to it", async () => {
  const { statements, pool } = scriptedPool(["lock-timeout", "held", "moved", "held"]);
  const writer = writerOn(pool);
  const late = writer.move(request("read", 1, { chatId: "held" }));
  await writer.move(request("read", 1, { chatId: "free" }));
  // What comes for the held chat does not hold up the next commit.
  const later = writer.move(request("read", 2, { chatId: "held" }));
  await writer.move(request("read", 2, { chatId: "free" }));
  expect(statements.at(-1)).toEqual(["read free ann 2"]);
  await vi.advanceTimersByTimeAsync(100);
  await Promise.all([late, later]);
  expect(statements.at(-1)).toEqual(["read held ann 1", "read held ann 2"]);
  await writer.move(request("read", 3, { chatId: "held" }));
  expect(statements.at(-1)).toEqual(["read held ann 3"]);
});

it("gives up a chat that is held for long, and refuses more than may wait", async () => {
  const { pool } = scriptedPool(["lock-timeout", ...new Array<Step>(200).fill("held")]);
  const writer = writerOn(pool, 2);
  const held = [1, 2, 3].map((seq) => writer.move(request("read", seq, { chatId: "held" })));
  const codes = Promise.allSettled(held).then((all) =>
    all.map((one) => one.status === "rejected" && one.reason.code),
  );
  await vi.advanceTimersByTimeAsync(6_000);
  expect(await codes).toEqual(["database_unavailable", "database_unavailable", "overloaded"]);
  await writer.drain();
});
