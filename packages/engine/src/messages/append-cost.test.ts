import { createTestDatabase, openTestEngine, type TestDatabase, type TestEngine } from "@parley/testing";
import { Pool } from "pg";
import { v7 as uuidv7 } from "uuid";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createChat } from "../chats/create-chat.js";
import { closeEngine } from "../open-engine.js";
import { appendMessages, type Pending } from "./append-messages.js";

let database: TestDatabase;
let node: TestEngine;
/** One connection, as a writer has it: its plans are made once, on empty tables. */
let pool: Pool;

beforeAll(async () => {
  database = await createTestDatabase();
  node = openTestEngine(database.url);
  pool = new Pool({ connectionString: database.url, max: 1 });
});

afterAll(async () => {
  await pool?.end();
  await closeEngine(node.engine);
  await database.drop();
});

const alice = { userId: "alice", role: "user" };

async function newChat(): Promise<string> {
  const request = { type: "direct" as const, userId: `partner-${uuidv7()}` };
  return (await createChat(node.engine, { actor: alice, request })).id;
}

function pending(chatId: string, extra: Partial<Pending["draft"]> = {}): Pending {
  const draft = { content: "hello", type: "text" as const, ...extra };
  return {
    id: uuidv7(),
    chatId,
    senderId: "alice",
    senderRole: "user",
    draft,
    digest: "digest",
    trusted: false,
  };
}

/** Rows of `messages` that the statement reads. */
async function rowsRead(work: () => Promise<unknown>): Promise<number> {
  const count = async () => {
    const { rows } = await pool.query<{ count: number }>(
      `SELECT (coalesce(idx_tup_fetch, 0) + seq_tup_read)::int AS count
       FROM pg_stat_xact_user_tables WHERE relname = 'messages'`,
    );
    return rows[0]?.count ?? 0;
  };
  await pool.query("BEGIN");
  const before = await count();
  await work();
  const read = (await count()) - before;
  await pool.query("ROLLBACK");
  return read;
}

it("reads no more in an old chat than in a new one, also with plans that were made on an empty database", async () => {
  const young = await newChat();
  const old = await newChat();
  const first = pending(old, { clientId: "the first" });
  for (let times = 0; times < 8; times++) await appendMessages(pool, [pending(young)]);
  await appendMessages(pool, [first]);
  for (let batch = 0; batch < 10; batch++) {
    await appendMessages(
      pool,
      Array.from({ length: 200 }, (_, index) => pending(old, { clientId: `${batch} ${index}` })),
    );
  }
  for (const extra of [{}, { clientId: "fresh" }, { clientId: "the first" }, { replyTo: first.id }]) {
    const read = await rowsRead(() => appendMessages(pool, [pending(old, extra)]));
    expect(read, JSON.stringify(extra)).toBeLessThan(10);
  }
  const retried = await appendMessages(pool, [pending(old, { clientId: "the first" })]);
  expect(retried.outcomes).toEqual([{ kind: "duplicate", originalId: first.id }]);
});
