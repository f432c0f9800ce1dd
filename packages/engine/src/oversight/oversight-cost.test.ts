import {
  createTestDatabase,
  fillDatabase,
  measureQueries,
  openTestEngine,
  type TestDatabase,
  type TestEngine,
} from "@parley/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { listAudit } from "../audit/list-audit.js";
import { listDataTasks } from "../data-tasks/read-tasks.js";
import { readEngagement } from "../engagement/read-engagement.js";
import { rollUpEngagement } from "../engagement/roll-up-engagement.js";
import { closeEngine } from "../open-engine.js";
import { findChats } from "./find-chats.js";
import { findUsers } from "./find-users.js";
import { inspectChat } from "./inspect-chat.js";
import { inspectUser } from "./inspect-user.js";
import { pushOverview } from "./push-overview.js";

const ops = { userId: "ops", role: "admin" };
const LIMIT = 50;
const DELIVERIES = 300_000;
/** Of the newest deliveries and notifications, as many are counted. */
const SAMPLE = 20_000;

let database: TestDatabase;
let node: TestEngine;
let chatId = "";
let cursor: string | null = null;

beforeAll(async () => {
  database = await createTestDatabase();
  // One connection keeps the plans that it has made on empty tables.
  node = openTestEngine(database.url, { poolSize: 1 });
  await query("SELECT 1");
  for (const { relname } of await query("SELECT relname FROM pg_stat_user_tables"))
    await query(`ALTER TABLE "${relname}" SET (autovacuum_enabled = false)`);
  for (let run = 0; run < 7; run++) for (const { ask } of SUBJECTS) await ask().catch(() => undefined);
  await fillDatabase({ databaseUrl: database.url, messages: 12_000, chats: 4_000 });
  await fillDatabase({ databaseUrl: database.url, messages: 4_000, chats: 2_000, userId: "busy" });
  await query("UPDATE chats SET name = 'Chat about ' || number WHERE number % 3 = 0");
  // Many rows a statement, and no more than it may take.
  for (let part = 0; part < 10; part++) {
    await query(
      `INSERT INTO notifications (id, user_id, type, category, state, reason, created_at, due_at)
       SELECT new_notification_id(past), 'busy', 'system', 'system_alerts', 'suppressed', 'read', past, past
       FROM generate_series(1, $1::int) s CROSS JOIN LATERAL (SELECT now() - ($2 + random()) * interval '1 minute' AS past) p`,
      [DELIVERIES / 10, part],
    );
    await query(
      `INSERT INTO deliveries (notification_id, subscription_id, origin, state, latency_ms, due_at, claimed_at)
       SELECT gen_random_uuid(), gen_random_uuid(), 'https://fcm.googleapis.com', 'accepted', 5, now(), now() - ($2 + random()) * interval '1 minute'
       FROM generate_series(1, $1::int)`,
      [DELIVERIES / 10, part],
    );
  }
  await query(
    `INSERT INTO audit_entries (at, actor_id, actor_role, action, subject_kind, subject_id, detail)
     SELECT now() - s * interval '1 second', 'ops-' || s % 3, 'admin', 'user.muted', 'user', 'user-' || s % 9, '{}' FROM generate_series(1, 20000) s`,
  );
  await query(
    `INSERT INTO data_tasks (id, kind, user_id, state, requested_by)
     SELECT new_notification_id(now()), 'export', 'user-' || s % 3, 'done', 'ops' FROM generate_series(1, 20000) s`,
  );
  const page = await findChats(node.engine, { actor: ops, limit: LIMIT });
  chatId = page.chats[0]?.id ?? "";
  cursor = page.nextCursor;
});

afterAll(async () => {
  await closeEngine(node.engine);
  await database.drop();
});

async function query(text: string, values: unknown[] = []): Promise<Array<Record<string, string>>> {
  return (await node.engine.database.pool.query<Record<string, string>>(text, values)).rows;
}

/** Rows of any other table. */
const FEW = 100;
const chats = (input: object) => () => findChats(node.engine, { actor: ops, limit: LIMIT, ...input });
const users = (input: object) => () => findUsers(node.engine, { actor: ops, limit: LIMIT, ...input });
const audit = (input: object) => () => listAudit(node.engine, { actor: ops, limit: LIMIT, ...input });
const tasks = (input: object) => () => listDataTasks(node.engine, { actor: ops, limit: LIMIT, ...input });
/** Nine kinds of chats, of which each gives a page; and each chat once more, with its newest message. */
const CHAT_PAGE = { chats: 11 * (LIMIT + 1), messages: 2 * (LIMIT + 1) };
/** Each is found and then read. */
const TASK_PAGE = { data_tasks: 2 * (LIMIT + 1) };
/** A filter looks at a few hundred chats. */
const WINDOW = { chats: 2_200, members: 600, messages: 1_100 };

const SUBJECTS: Array<{ name: string; ask: () => Promise<unknown>; rows?: Record<string, number> }> = [
  { name: "the newest chats", ask: chats({}), rows: CHAT_PAGE },
  { name: "a further page of them", ask: () => chats({ cursor: cursor ?? undefined })(), rows: CHAT_PAGE },
  { name: "chats of a kind that there is none of", ask: chats({ status: "closed" }), rows: CHAT_PAGE },
  { name: "chats by a common title", ask: chats({ text: "chat" }), rows: WINDOW },
  {
    name: "chats by a common title, of a kind that there is none of",
    ask: chats({ text: "chat", type: "order" }),
    rows: WINDOW,
  },
  { name: "chats by the beginning of an id", ask: () => chats({ text: chatId.slice(0, 4) })(), rows: WINDOW },
  { name: "chats of somebody who is in 2,000", ask: chats({ userId: "busy" }), rows: WINDOW },
  { name: "a chat", ask: () => inspectChat(node.engine, { actor: ops, chatId }) },
  { name: "people", ask: users({}), rows: { users: 200, members: 6_000 } },
  { name: "people by a common name", ask: users({ text: "filled" }), rows: { users: 400, members: 6_000 } },
  {
    name: "somebody with 300,000 notifications",
    ask: () => inspectUser(node.engine, { actor: ops, userId: "busy" }),
    rows: { members: 600, notifications: 250 },
  },
  {
    name: "pushes",
    ask: () => pushOverview(node.engine, { actor: ops, hours: 24 }),
    rows: { deliveries: 2 * SAMPLE + FEW, notifications: SAMPLE + FEW },
  },
  {
    name: "engagement",
    ask: () => readEngagement(node.engine, { actor: ops, days: 90 }),
    rows: { engagement_hours: 5_000, engagement_answers: 5_000 },
  },
  { name: "the audit log", ask: audit({}) },
  { name: "the audit log of somebody", ask: audit({ actorId: "ops-1" }) },
  {
    name: "the audit log of somebody, of what they have not done",
    ask: audit({ actorId: "ops-1", action: "chat.purged" }),
    rows: { audit_entries: 2_100 },
  },
  { name: "exports and erasures", ask: tasks({}), rows: TASK_PAGE },
  { name: "exports of somebody", ask: tasks({ userId: "user-1" }), rows: TASK_PAGE },
  { name: "erasures that there are none of", ask: tasks({ kind: "erase" }), rows: { data_tasks: 1_100 } },
  {
    name: "counting 500 messages",
    ask: () => rollUpEngagement(node.engine, { limit: 500 }),
    rows: {
      messages: 600,
      engagement_users: 2_500,
      engagement_chats: 2_500,
      engagement_days: 2_000,
      engagement_hours: 2_000,
    },
  },
];

it.each(SUBJECTS)("$name cost few rows in a large database", async ({ ask, rows = {} }) => {
  const cost = await measureQueries(node.engine, ask);
  for (const [table, read] of Object.entries(cost.rows))
    expect(read, `${table} of ${JSON.stringify(cost.rows)}`).toBeLessThanOrEqual(rows[table] ?? FEW);
});

it("says from when on pushes are counted where there are too many", async () => {
  const { since, byService } = await pushOverview(node.engine, { actor: ops, hours: 24 });
  expect(byService).toMatchObject([{ service: "fcm", attempted: SAMPLE }]);
  expect(Date.now() - since.getTime()).toBeLessThan(3_600_000);
});
