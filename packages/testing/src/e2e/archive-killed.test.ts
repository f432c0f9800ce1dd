import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  archiveChat,
  closeEngine,
  listMessages,
  restoreChat,
  sendMessage,
  verifyChats,
} from "@parley/engine";
import { afterEach, expect, it } from "vitest";
import { createOldChat, readRawRows } from "../old-chat.js";
import { createTestDatabase } from "../test-database.js";
import { openTestEngine } from "../test-engine.js";
import { until } from "../until.js";

const alice = { userId: "alice", role: "user" };
const operator = { userId: "root", role: "admin" };
const COUNT = 1_600;
const BEFORE = "2025-01-01";

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

/** A process that archives the chat. */
function archiveApart({ databaseUrl, chatId }: { databaseUrl: string; chatId: string }): ChildProcess {
  const program = `
    import { archiveChat, openEngine } from "@parley/engine";
    const log = { info() {}, warn() {}, error() {} };
    const engine = openEngine({ databaseUrl: ${JSON.stringify(databaseUrl)}, publish() {}, log });
    const input = { chatId: ${JSON.stringify(chatId)}, before: new Date(${JSON.stringify(BEFORE)}) };
    // It waits for a row no longer than a second, which may be too short to be seen.
    while ((await archiveChat(engine, input)).ended === "busy");`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    cwd: import.meta.dirname,
    stdio: ["ignore", "inherit", "inherit"],
  });
  children.push(child);
  return child;
}

it("archiving that is killed in the middle of a segment loses and doubles nothing, and is simply run again", async () => {
  const database = await createTestDatabase();
  const { engine } = openTestEngine(database.url);
  const chatId = await createOldChat(engine, { count: COUNT });
  const rows = await readRawRows(engine, chatId);
  const { pool } = engine.database;

  // Somebody holds a row of the second segment: the process stands there, with the segment written and some rows gone, and nothing committed.
  const holder = await pool.connect();
  await holder.query("BEGIN");
  await holder.query("SELECT FROM messages WHERE chat_id = $1 AND seq = 800 FOR UPDATE", [chatId]);
  const child = archiveApart({ databaseUrl: database.url, chatId });
  await until(async () => {
    const { rowCount } = await pool.query(
      "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE 'DELETE FROM messages%'",
    );
    return rowCount === 1;
  }, "the process waits for the row");
  child.kill("SIGKILL");
  await once(child, "exit");
  await holder.query("ROLLBACK");
  holder.release();

  const segments = async () =>
    (await pool.query("SELECT FROM archive_segments WHERE chat_id = $1", [chatId])).rowCount;
  await until(async () => {
    const { rowCount } = await pool.query("SELECT FROM chats WHERE id = $1 FOR UPDATE SKIP LOCKED", [chatId]);
    return rowCount === 1;
  }, "Postgres has noticed that the process is gone");
  expect(await segments()).toBe(1);
  expect(await readRawRows(engine, chatId)).toEqual(rows.slice(500));

  const archived = await archiveChat(engine, { chatId, before: new Date(BEFORE) });
  expect(archived).toMatchObject({ messages: COUNT - 500 - 200, ended: "done" });
  const shown = await listMessages(engine, { actor: alice, chatId, limit: COUNT, position: { afterSeq: 0 } });
  expect(shown.messages.map(({ seq }) => seq)).toEqual(
    Array.from({ length: COUNT }, (_, index) => index + 1),
  );
  await sendMessage(engine, { actor: alice, chatId, draft: { content: "still here", type: "text" } });
  const audit = () => verifyChats(engine, { limit: 1_000 });
  const seen = await until(
    async () => ((found) => found.checked === 1 && found)(await audit()),
    "the audit has seen the chat",
  );
  expect(seen.faults).toEqual([]);
  await restoreChat(engine, { actor: operator, chatId });
  expect((await readRawRows(engine, chatId)).slice(0, COUNT)).toEqual(rows);
  await closeEngine(engine);
  await database.drop();
});
