import { createTestDatabase, openTestEngine, type TestDatabase } from "@parley/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createChat } from "../chats/create-chat.js";
import type { Engine } from "../engine.js";
import { sendMessage } from "../messages/send-message.js";
import { closeEngine } from "../open-engine.js";

const alice = { userId: "alice", role: "user" };
/** The statement of workers of the version before, which are at work until they are replaced. */
const AS_BEFORE = "SELECT id FROM collect_notifications($1::uuid[], $2::timestamptz, $3::interval) AS id";

let database: TestDatabase;
let engine: Engine;

beforeAll(async () => {
  database = await createTestDatabase();
  ({ engine } = openTestEngine(database.url));
});

afterAll(async () => {
  await closeEngine(engine);
  await database.drop();
});

async function newGroup(messages: number): Promise<string> {
  const request = { type: "group" as const, name: "test", memberIds: ["bob", "carol"] };
  const { id: chatId } = await createChat(engine, { actor: alice, request });
  const draft = { content: "hi", type: "text" } as const;
  await Promise.all(
    Array.from({ length: messages }, () => sendMessage(engine, { actor: alice, chatId, draft })),
  );
  return chatId;
}

async function collectAsBefore(chatIds: string[]): Promise<string[]> {
  const found = await engine.database.pool.query<{ id: string }>(AS_BEFORE, [chatIds, null, "1 hour"]);
  return found.rows.map(({ id }) => id).sort();
}

it("workers of the version before collect everything at once, and name each notification once", async () => {
  const chatIds = [await newGroup(1_001), await newGroup(2)];
  const collected = await collectAsBefore(chatIds);
  const stored = await engine.database.prisma.notification.findMany({ orderBy: { id: "asc" } });
  expect(collected).toEqual(stored.map(({ id }) => id));
  const told = stored.map((row) => `${row.userId} ${row.fromSeq}-${row.toSeq} x${row.messageCount}`);
  expect(told.sort()).toEqual(["bob 1-1001 x1001", "bob 1-2 x2", "carol 1-1001 x1001", "carol 1-2 x2"]);
  expect(await collectAsBefore(chatIds)).toEqual([]);
});
