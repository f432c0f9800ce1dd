import { readFileSync } from "node:fs";
import path from "node:path";
import { closeEngine, createChat, rollUpEngagement, sendMessage } from "@parley/engine";
import {
  createTestDatabase,
  openTestEngine,
  type TestDatabase,
  type TestEngine,
  until,
} from "@parley/testing";
import { afterAll, beforeAll, expect, test } from "vitest";

const SCRIPT = readFileSync(
  path.resolve(import.meta.dirname, "../../../../infra/backup/forget-transactions.sql"),
  "utf8",
);
const ana = { userId: "ana", role: "user" };

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

const query = async (text: string) =>
  (await node.engine.database.pool.query<Record<string, string>>(text)).rows;

test("every column that holds a transaction's number is set back, or its rows go", async () => {
  const columns = await query(`SELECT c.table_name AS "table", c.column_name AS "column"
    FROM information_schema.columns c WHERE c.table_schema = current_schema() AND c.udt_name = 'xid8' ORDER BY 1, 2`);
  expect(columns.length).toBeGreaterThan(8);
  const left = columns.filter(
    ({ table, column }) =>
      !new RegExp(`UPDATE ${table} SET\\b[^;]*\\b${column} = `).test(SCRIPT) &&
      !SCRIPT.includes(`DELETE FROM ${table};`),
  );
  expect(left).toEqual([]);
});

test("what people write is counted again in a database that was read from a dump", async () => {
  const request = { type: "group" as const, name: "g", memberIds: ["sam"] };
  const { id: chatId } = await createChat(node.engine, { actor: ana, request });
  await sendMessage(node.engine, { actor: ana, chatId, draft: { content: "hi", type: "text" } });
  // As a dump of a server brings it that has counted further.
  await query("UPDATE engagement_progress SET target_xid = '900000000000'");
  const count = async () => {
    await rollUpEngagement(node.engine, { limit: 100 });
    const [row] = await query("SELECT coalesce(sum(messages), 0)::text AS messages FROM engagement_hours");
    return row?.messages;
  };
  for (let time = 0; time < 3; time++) expect(await count()).toBe("0");
  await query(SCRIPT);
  await until(async () => (await count()) === "1", "the message is counted");
});
