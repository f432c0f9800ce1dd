import { randomUUID } from "node:crypto";
import { closeEngine, exportUser, getDataTask } from "@parley/engine";
import { connectRedis, whenReady } from "@parley/platform";
import {
  createTestDatabase,
  createTestStorage,
  openTestEngine,
  type TestDatabase,
  type TestEngine,
  testRedisUrl,
} from "@parley/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { workerConfigSchema } from "./config.js";
import { dataDutiesOf } from "./data-duties.js";
import { createForget } from "./forget-in-redis.js";
import { dataRun } from "./jobs/data-run.js";
import { dataSweep } from "./jobs/data-sweep.js";
import type { JobContext } from "./jobs/job.js";
import { schedulesOf } from "./schedules.js";

const admin = { userId: "root", role: "admin" };
const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined };
const redis = connectRedis({ url: testRedisUrl(), role: "queue-worker", log: SILENT });
const storage = createTestStorage();

let database: TestDatabase;
let test: TestEngine;
let now = new Date();
const asked: unknown[] = [];

beforeAll(async () => {
  await whenReady(redis, 20_000);
  database = await createTestDatabase();
  test = openTestEngine(database.url, {
    files: { storage, maxBytes: 0, quotaBytes: 0 },
    clock: () => now,
    enqueue: (job, data) => void asked.push([job, data]),
  });
});

afterAll(async () => {
  redis.disconnect();
  await closeEngine(test.engine);
  await database.drop();
});

const configOf = (env: Record<string, string>) =>
  workerConfigSchema.safeParse({ DATABASE_URL: "postgresql://x", REDIS_URL: "redis://x", ...env });

function contextOf(env: Record<string, string> = {}): JobContext {
  const config = workerConfigSchema.parse({ DATABASE_URL: "postgresql://x", REDIS_URL: "redis://x", ...env });
  const dataDuties = dataDutiesOf(config, redis);
  const archive = { stopping: new AbortController() };
  return { engine: test.engine, log: SILENT, dataDuties, archive } as unknown as JobContext;
}

it("takes its times from the environment, and refuses to forget the audit log too soon", () => {
  const { dataDuties } = contextOf({
    ERASURE_SETTLE_SECONDS: "5",
    EXPORT_KEPT_HOURS: "2",
    AUDIT_KEPT_DAYS: "30",
  });
  expect(dataDuties).toMatchObject({ settleMs: 5_000, exportKeptMs: 7_200_000, auditKeptMs: 2_592_000_000 });
  expect(contextOf().dataDuties).toMatchObject({
    settleMs: 30_000,
    exportKeptMs: 72 * 3_600_000,
    auditKeptMs: 0,
    refusedLoginsKeptMs: 90 * 24 * 3_600_000,
  });
  expect(contextOf({ REFUSED_LOGINS_KEPT_DAYS: "0" }).dataDuties).toMatchObject({ refusedLoginsKeptMs: 0 });
  expect(configOf({ AUDIT_KEPT_DAYS: "29" }).error?.issues).toMatchObject([{ path: ["AUDIT_KEPT_DAYS"] }]);
  expect(configOf({ REFUSED_LOGINS_KEPT_DAYS: "29" }).error?.issues).toMatchObject([
    { path: ["REFUSED_LOGINS_KEPT_DAYS"] },
  ]);
  const { data } = configOf({});
  expect(data && schedulesOf(data).find(({ id }) => id === "data.sweep")).toMatchObject({ everyMs: 60_000 });
});

it("a task whose job was lost is found by the sweep, and an export goes when its time is over", async () => {
  const { id: taskId } = await exportUser(test.engine, { actor: admin, userId: "ada" });
  asked.length = 0;
  await dataSweep(contextOf(), {});
  expect(asked).toEqual([["data.run", { taskId }]]);
  await dataRun(contextOf({ EXPORT_KEPT_HOURS: "1" }), { taskId });
  const task = await getDataTask(test.engine, { actor: admin, taskId });
  expect(task).toMatchObject({ state: "done" });
  expect(task.expiresAt?.getTime()).toBe(now.getTime() + 3_600_000);
  await dataSweep(contextOf(), {});
  expect(storage.objects.size).toBe(1);
  now = new Date(now.getTime() + 3_600_001);
  await dataSweep(contextOf(), {});
  expect(storage.objects.size).toBe(0);
});

it("a worker that stops puts its task down, and the next one goes on", async () => {
  const { id: taskId } = await exportUser(test.engine, { actor: admin, userId: "ben" });
  const stopping = contextOf();
  stopping.archive.stopping.abort();
  asked.length = 0;
  await dataRun(stopping, { taskId });
  expect(await getDataTask(test.engine, { actor: admin, taskId })).toMatchObject({ state: "running" });
  expect(asked).toEqual([["data.run", { taskId }]]);
  await dataRun(contextOf(), { taskId });
  expect(await getDataTask(test.engine, { actor: admin, taskId })).toMatchObject({ state: "done" });
});

it("forgets old entries of the audit log only where it is told to", async () => {
  const { pool } = test.engine.database;
  await pool.query(
    "INSERT INTO audit_entries (at, action) VALUES (now() - interval '31 days', 'chat.purged')",
  );
  const old = async () =>
    (await pool.query("SELECT FROM audit_entries WHERE at < now() - interval '30 days'")).rowCount;
  now = new Date();
  await dataSweep(contextOf(), {});
  expect(await old()).toBe(1);
  await dataSweep(contextOf({ AUDIT_KEPT_DAYS: "30" }), {});
  expect(await old()).toBe(0);
});

it("forgets refused logins after 90 days, unless it is told otherwise", async () => {
  const { pool } = test.engine.database;
  await pool.query(
    `INSERT INTO audit_entries (at, action) SELECT now() - age * interval '1 day', 'login.refused' FROM unnest(ARRAY[40, 89, 91]) age`,
  );
  const left = async () =>
    (await pool.query("SELECT FROM audit_entries WHERE action = 'login.refused'")).rowCount;
  await dataSweep(contextOf({ REFUSED_LOGINS_KEPT_DAYS: "0" }), {});
  expect(await left()).toBe(3);
  await dataSweep(contextOf(), {});
  expect(await left()).toBe(2);
  await dataSweep(contextOf({ REFUSED_LOGINS_KEPT_DAYS: "60" }), {});
  expect(await left()).toBe(1);
});

it("forgets the digests of erased people after a long time, and no block", async () => {
  const { pool } = test.engine.database;
  await pool.query(
    `INSERT INTO user_access (user_id, revoked_before, blocked) VALUES ('erased:old', now() - interval '401 days', false),
      ('erased:new', now() - interval '399 days', false), ('erased:blocked', now() - interval '401 days', true),
      ('somebody', now() - interval '401 days', false)`,
  );
  await dataSweep(contextOf(), {});
  const { rows } = await pool.query<{ user_id: string }>("SELECT user_id FROM user_access ORDER BY user_id");
  expect(rows.map((row) => row.user_id).sort()).toEqual(["erased:blocked", "erased:new", "somebody"]);
});

it("removes a person from Redis, and nobody else", async () => {
  const prefix = `test-${randomUUID()}`;
  const presence = `${prefix}:{presence}`;
  const long = "x".repeat(129);
  for (const userId of ["ada", "ada-2", "lada", long]) {
    const name = userId === long ? `#${LONG_DIGEST}` : userId;
    await redis.hset(`${presence}:user:${name}`, "status", "offline");
    await redis.hset(`${presence}:rooms:user:room-1 ${userId}`, "status", "online");
    await redis.sadd(`${presence}:node:n1`, userId);
    await redis.sadd(`${presence}:rooms:group:room-1`, `room-1 ${userId}`);
    await redis.hset(`${presence}:viewing:n1`, `${userId}\u0000chat`, "1");
    await redis.set(`${prefix}:user:${userId}`, "{}");
    await redis.set(`${prefix}:rate:message:${userId}`, "1");
  }
  await redis.zadd(`${presence}:nodes`, 1, "ada");
  const forget = createForget({ redis, prefix });
  expect(await forget("ada")).toBe(7);
  expect(await forget("ada")).toBe(0);
  expect(await forget(long)).toBe(7);
  expect((await redis.keys(`${prefix}:*`)).filter((key) => /[: ]ada$/.test(key))).toEqual([]);
  expect((await redis.smembers(`${presence}:node:n1`)).sort()).toEqual(["ada-2", "lada"]);
  expect((await redis.smembers(`${presence}:rooms:group:room-1`)).sort()).toEqual([
    "room-1 ada-2",
    "room-1 lada",
  ]);
  expect((await redis.hkeys(`${presence}:viewing:n1`)).sort()).toEqual(["ada-2\u0000chat", "lada\u0000chat"]);
  expect(await redis.exists(`${presence}:user:ada-2`, `${prefix}:user:lada`)).toBe(2);
  expect(await forget("ada-2")).toBe(7);
  expect(await forget("lada")).toBe(7);
  await redis.unlink(`${presence}:nodes`);
});

/** As presence names whose id is too long for a key. */
const LONG_DIGEST = "DsnrM-dFELzdHy6lUgboLyFknFwr7L8rQz60dbNMAb0";
