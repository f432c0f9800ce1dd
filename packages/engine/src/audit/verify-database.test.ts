import { createOldChat, openTestNode, type TestNode } from "@parley/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { archiveChat } from "../archive/archive-chat.js";
import { verifyDatabase } from "./verify-database.js";

let node: TestNode;

beforeAll(async () => {
  node = await openTestNode();
});

afterAll(() => node.close());

it("counts everything, and names a segment that is spoilt and a chat that lacks a message", async () => {
  const { engine } = node;
  const { pool } = engine.database;
  const archived = await createOldChat(engine, { count: 1_300 });
  const whole = await createOldChat(engine, { count: 10 });
  await archiveChat(engine, { chatId: archived, before: new Date("2025-01-01") });
  const sound = await verifyDatabase(engine);
  expect(sound).toMatchObject({ chats: 2, faults: [], spoiltSegments: [], rows: { chats: 2, members: 6 } });
  expect(sound.segments).toBeGreaterThan(1);
  expect(sound.rows.archive_segments).toBe(sound.segments);
  await pool.query("UPDATE archive_segments SET checksum = sha256('x') WHERE first_seq = 1");
  await pool.query("DELETE FROM messages WHERE chat_id = $1 AND seq = 5", [whole]);
  const spoilt = await verifyDatabase(engine);
  expect(spoilt.spoiltSegments).toEqual([`${archived}:1`]);
  expect(spoilt.faults).toEqual([{ chatId: whole, rule: "seq_gap" }]);
  await pool.query("UPDATE archive_segments SET storage_key = 'archive-x', data = '' WHERE first_seq = 1");
  expect(await verifyDatabase(engine)).toMatchObject({ spoiltSegments: [], segmentsElsewhere: 1 });
});
