import {
  closeEngine,
  getTotalUnread,
  listChats,
  listMessages,
  sendMessage,
  verifyChats,
} from "@parley/engine";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../test-database.js";
import { openTestEngine, type TestEngine } from "../test-engine.js";
import { until } from "../until.js";
import { fillDatabase, settleDatabase } from "./fill-database.js";

let database: TestDatabase;
let node: TestEngine;

beforeAll(async () => {
  database = await createTestDatabase();
  node = openTestEngine(database.url);
});

afterAll(async () => {
  await closeEngine(node.engine);
  await database.drop();
});

const busy = { userId: "busy", role: "user" };

it("stores as many messages as asked, and nothing that the audit would find", async () => {
  const progress: number[] = [];
  await fillDatabase({
    databaseUrl: database.url,
    messages: 1_003,
    chats: 250,
    onProgress: (stored) => progress.push(stored),
  });
  await fillDatabase({ databaseUrl: database.url, messages: 60, chats: 30, userId: "busy" });
  await settleDatabase(database.url);
  expect(progress.at(-1)).toBe(1_003);
  // Open transactions of other tests on the same server make the audit wait.
  const faults = await until(async () => {
    const found = await verifyChats(node.engine, { limit: 1_000 });
    return found.checked === 280 && found.faults;
  }, "the audit has seen all chats");
  expect(faults).toEqual([]);
  const { rows } = await node.engine.database.pool.query(`
    SELECT (SELECT count(*)::int FROM messages) AS messages, (SELECT count(*)::int FROM commits) AS commits,
      (SELECT count(*)::int FROM chats WHERE notified_seq < last_seq) AS behind,
      (SELECT count(*)::int FROM messages m JOIN chats c ON c.id = m.chat_id WHERE m.seq <> m.rev - 1 OR m.rev > c.last_rev) AS wrong`);
  expect(rows).toEqual([{ messages: 1_063, commits: 0, behind: 0, wrong: 0 }]);
});

it("makes chats in which people go on as in any other", async () => {
  const { chats, total } = await listChats(node.engine, { actor: busy, limit: 5, page: 1 });
  expect({ total, newest: chats[0]?.lastMessage?.seq }).toEqual({ total: 30, newest: 2 });
  const chatId = chats[0]?.id ?? "";
  const sent = await sendMessage(node.engine, {
    actor: busy,
    chatId,
    draft: { content: "on", type: "text" },
  });
  expect({ seq: sent.seq, rev: sent.rev }).toEqual({ seq: 3, rev: 4 });
  const page = await listMessages(node.engine, { actor: busy, chatId, limit: 50, position: { page: 1 } });
  expect(page.messages.map(({ seq }) => seq)).toEqual([1, 2, 3]);
  expect(await getTotalUnread(node.engine, { actor: busy })).toBe(15 - (chats[0]?.unreadCount ?? 0));
});
