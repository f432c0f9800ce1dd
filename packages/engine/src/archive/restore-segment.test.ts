import {
  createOldChat,
  createTestDatabase,
  openTestEngine,
  type TestDatabase,
  type TestEngine,
} from "@parley/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { closeEngine } from "../open-engine.js";
import { archiveChat } from "./archive-chat.js";
import { restoreChat } from "./restore-chat.js";
import { packSegment, segmentRows, segmentText, unpackSegment } from "./segment-codec.js";

const FUTURE = "900000000000";

let database: TestDatabase;
let test: TestEngine;

beforeAll(async () => {
  database = await createTestDatabase();
  test = openTestEngine(database.url);
});

afterAll(async () => {
  await closeEngine(test.engine);
  await database.drop();
});

it("brings back no number of a transaction that this server has still to give out", async () => {
  const { prisma, pool } = test.engine.database;
  const chatId = await createOldChat(test.engine, { count: 210 });
  await archiveChat(test.engine, { chatId, before: new Date("2025-01-01") });
  const segment = await prisma.archiveSegment.findFirstOrThrow({ where: { chatId } });
  const { messages, reactions } = segmentRows(await unpackSegment(segment));
  // As in a database that was read from the dump of a server that had counted further.
  const foreign = messages.map((row) => ({ ...row, changed_xid: FUTURE }));
  const packed = await packSegment(segmentText({ messages: foreign, reactions }));
  const bytes = { checksum: Uint8Array.from(packed.checksum), data: Uint8Array.from(packed.data) };
  await prisma.archiveSegment.updateMany({ where: { chatId }, data: { ...packed, ...bytes } });
  await restoreChat(test.engine, { actor: { userId: "root", role: "admin" }, chatId });
  const { rows } = await pool.query(
    "SELECT count(*)::int AS count, bool_and(changed_xid < pg_snapshot_xmax(pg_current_snapshot())) AS past FROM messages WHERE chat_id = $1",
    [chatId],
  );
  expect(rows).toEqual([{ count: 210, past: true }]);
});
