import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { DataTaskShape } from "@parley/contracts";
import { closeEngine } from "@parley/engine";
import { connectRedis, openLocalStorage, type Redis, whenReady } from "@parley/platform";
import { afterAll, beforeAll, expect, it } from "vitest";
import { findTraces } from "../find-traces.js";
import { connectNative } from "../native-client.js";
import { readRedis } from "../read-redis.js";
import { restClient } from "../rest-client.js";
import { startTestCluster, type TestCluster } from "../test-cluster.js";
import { testRedisUrl } from "../test-database.js";
import { openTestEngine, type TestEngine } from "../test-engine.js";
import { until } from "../until.js";
import { liveWholeLife, WHOLE_LIFE } from "../whole-life.js";

const { userId, words } = WHOLE_LIFE;
const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined };

let cluster: TestCluster;
let test: TestEngine;
let redis: Redis;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "parley-erasure-"));
  cluster = await startTestCluster({ STORAGE_PATH: folder, ERASURE_SETTLE_SECONDS: "2" });
  const files = { storage: openLocalStorage(folder), maxBytes: 1_000_000, quotaBytes: 1_000_000 };
  test = openTestEngine(cluster.databaseUrl, { files });
  redis = connectRedis({ url: testRedisUrl(), role: "queue-worker", log: SILENT });
  await whenReady(redis, 60_000);
});

afterAll(async () => {
  redis.disconnect();
  await closeEngine(test.engine);
  await cluster.stop();
  await rm(folder, { recursive: true });
});

async function traces() {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const objects = entries
    .filter((entry) => entry.isFile())
    .map(async ({ name, parentPath }) => [name, await readFile(path.join(parentPath, name))] as const);
  return findTraces(words, {
    databaseUrl: cluster.databaseUrl,
    objects: await Promise.all(objects),
    texts: await readRedis(redis, cluster.redisPrefix),
  });
}

it("an erasure whose worker is killed in the middle goes on, and leaves no trace in Postgres, Redis and the files", async () => {
  const { direct } = await liveWholeLife(test.engine);
  const person = await connectNative(cluster.urls[0], { userId });
  const bob = await connectNative(cluster.urls[1], { userId: "bob" });
  await person.ask("join_chat", { chat_id: direct });
  await person.ask("presence", { status: "away" });
  const before = async () => new Set((await traces()).map(({ where }) => where));
  await until(async () => (await before()).has("redis"), "the person stands in Redis");
  expect([...(await before())]).toEqual(
    expect.arrayContaining(["messages", "archive_segments", "storage", "users", "redis"]),
  );

  const admin = restClient(cluster.urls[0], { userId: "root", role: "admin" });
  const holder = await test.engine.database.pool.connect();
  await holder.query("BEGIN");
  await holder.query("SELECT FROM chats WHERE id = $1 FOR UPDATE", [direct]);
  const erase = () =>
    admin.request<{ task: DataTaskShape }>("POST", `/v1/admin/users/${userId}/erase`, { confirm: userId });
  const { id } = (await erase()).body.task;
  await until(async () => {
    const { rowCount } = await test.engine.database.pool.query(
      "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%FROM chats%FOR NO KEY UPDATE%'",
    );
    return rowCount !== 0;
  }, "the worker stands before the chat");
  await cluster.worker.kill("SIGKILL");
  await holder.query("ROLLBACK");
  holder.release();
  expect((await traces()).length).toBeGreaterThan(0);
  await until(() => !person.socket.connected, "the person is sent away");

  await cluster.worker.restart();
  // A killed worker's turn is over after two minutes; here at once.
  await test.engine.database.pool.query(
    "UPDATE data_tasks SET lease_until = now() - interval '1 second' WHERE id = $1",
    [id],
  );
  expect((await erase()).body.task.id).toBe(id);
  const task = await until(async () => {
    const { body } = await admin.request<DataTaskShape>("GET", `/v1/admin/tasks/${id}`);
    return body.state === "done" && body;
  }, "the erasure is done");
  expect(task.user_id).toMatch(/^erased:/);
  expect(task.report).toMatchObject({ erased: { archived_messages: 350, users: 1, files: 1 } });
  expect(await traces()).toEqual([]);

  await until(() => JSON.stringify(bob.heard).includes(task.user_id), "the other one has heard of it");
  bob.close();
  person.close();
});
