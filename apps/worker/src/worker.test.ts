import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { closeEngine, createChat, type Engine, sendMessage, storeFile } from "@parley/engine";
import { createLogger, type JobQueue, openLocalStorage, openQueue } from "@parley/platform";
import { createTestDatabase, openTestEngine, type TestDatabase, testRedisUrl, until } from "@parley/testing";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { startWorker } from "./app.js";
import { type WorkerConfig, workerConfigSchema } from "./config.js";
import { schedulesOf } from "./schedules.js";

const alice = { userId: "alice", role: "user" };
const closing: Array<() => unknown> = [];
let database: TestDatabase;
let engine: Engine;

beforeAll(async () => {
  database = await createTestDatabase();
  ({ engine } = openTestEngine(database.url));
});

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

afterAll(async () => {
  await engine.database.prisma.$disconnect();
  await database.drop();
});

async function newChat(): Promise<string> {
  const request = { type: "group" as const, name: "audit", memberIds: ["bob"] };
  const { id: chatId } = await createChat(engine, { actor: alice, request });
  await sendMessage(engine, { actor: alice, chatId, draft: { content: "a private text", type: "text" } });
  return chatId;
}

async function start(env: NodeJS.ProcessEnv = {}) {
  const lines: string[] = [];
  const config = workerConfigSchema.parse({
    HOST: "127.0.0.1",
    PORT: "0",
    NODE_NAME: "worker-1",
    DATABASE_URL: database.url,
    REDIS_URL: testRedisUrl(),
    REDIS_PREFIX: `test-${randomUUID()}`,
    VERIFY_EVERY_SECONDS: "1",
    ...env,
  });
  const log = createLogger({
    level: "info",
    node: "worker-1",
    name: "worker",
    destination: { write: (line) => void lines.push(line) },
  });
  const node = await startWorker(config, log);
  closing.push(() => node.stop("test over"));
  // No connection is kept: one that was idle while this process was held up would be closed in the moment in which it is used again.
  const get = (route: string) =>
    fetch(`http://127.0.0.1:${node.port}${route}`, { headers: { connection: "close" } });
  const metric = async (name: string, label = "") => {
    const lines = (await (await get("/metrics")).text()).split("\n");
    return Number(
      lines
        .find((line) => line.startsWith(`${name}{`) && line.includes(label))
        ?.split(" ")
        .at(-1),
    );
  };
  return { config, node, get, metric, lines };
}

async function queueOf({ REDIS_URL: redisUrl, REDIS_PREFIX: prefix }: WorkerConfig): Promise<JobQueue> {
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const queue = openQueue({ name: "jobs", redisUrl, prefix, log });
  closing.push(() => queue.close());
  await until(() => queue.counts().catch(() => false as const), "the queue can be reached");
  return queue;
}

/** Makes every reader of chats wait until `release`. */
async function lockChats() {
  const client = await engine.database.pool.connect();
  await client.query("BEGIN");
  await client.query("LOCK TABLE chats IN ACCESS EXCLUSIVE MODE");
  const release = async () => {
    await client.query("ROLLBACK");
    client.release();
  };
  return { client, release };
}

test("answers probes and scrapers, and nobody else", async () => {
  const { get, metric } = await start();
  expect(await (await get("/healthz")).json()).toEqual({ live: true });
  const ready = await until(async () => {
    const response = await get("/readyz");
    return response.status === 200 && response.json();
  }, "the worker is ready");
  expect(ready).toMatchObject({ ready: true, dependencies: { postgres: { ok: true }, redis: { ok: true } } });
  expect(await metric("parley_integrity_faults_total", 'rule="seq_gap"')).toBe(0);
  expect((await get("/")).status).toBe(404);
  expect((await fetch((await get("/healthz")).url, { method: "POST", body: "x" })).status).toBe(405);
});

test("is ready without the storage of files, and says that it does not reach it", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "parley-files-"));
  closing.push(() => rm(folder, { recursive: true }));
  const readiness = async (place: string) => {
    const { get } = await start({ STORAGE_PATH: place });
    const response = await until(async () => {
      const answer = await get("/readyz");
      return answer.status === 200 && answer;
    }, "the worker is ready");
    return ((await response.json()) as { dependencies: Record<string, object> }).dependencies.storage;
  };
  expect(await readiness(folder)).toEqual({ ok: true, required: false });
  const file = path.join(folder, "file");
  await writeFile(file, "x");
  expect(await readiness(file)).toEqual({ ok: false, detail: "EEXIST", required: false });
});

test("finds a fault in the rows of a chat, counts it and logs its chat and rule, and never a text", async () => {
  const chatId = await newChat();
  await engine.database.pool.query("UPDATE chats SET member_count = 7 WHERE id = $1", [chatId]);
  const { metric, lines } = await start();
  await until(
    async () => (await metric("parley_integrity_faults_total", 'rule="member_count"')) === 1,
    "it is found",
  );
  expect(await metric("parley_integrity_chats_checked_total")).toBeGreaterThan(0);
  const faults = lines.map((line) => JSON.parse(line)).filter((line) => line.rule !== undefined);
  expect(faults).toMatchObject([{ level: "error", chatId, rule: "member_count" }]);
  expect(lines.join("")).not.toContain("private");

  // A chat that changes is looked at again, one that doesn't is not.
  await sendMessage(engine, { actor: alice, chatId, draft: { content: "more", type: "text" } });
  await until(
    async () => (await metric("parley_integrity_faults_total", 'rule="member_count"')) === 2,
    "it is found again",
  );
  await engine.database.pool.query("DELETE FROM chats WHERE id = $1", [chatId]);
});

test("counts what the sweeper decides, as what a job decides", async () => {
  // This engine asks for no jobs: only the sweeper finds the message.
  await newChat();
  const { metric } = await start();
  const suppressed = () =>
    metric("parley_notifications_total", 'outcome="suppress",reason="no_subscription"');
  await until(async () => (await suppressed()) >= 1, "the decision is counted");
  const swept = () => metric("parley_notifications_swept_total", 'step="collected"');
  await until(async () => (await swept()) >= 1, "and that it was the sweeper who collected it");
});

test("looks at every chat when it starts, and not only when the next hour is over", async () => {
  const chatId = await newChat();
  // Nothing tells of it any more but the chat itself; and all chats have just been looked at.
  await engine.database.pool.query("DELETE FROM commits");
  await engine.database.pool.query("UPDATE notification_cursor SET scanned_at = now()");
  await start({ NOTIFICATION_SWEEP_SECONDS: "3600" });
  await until(
    async () => (await engine.database.prisma.notification.count({ where: { chatId } })) === 1,
    "bob is told",
  );
});

test("data that the contract refuses and unknown jobs fail; the worker goes on", async () => {
  const { config, metric, lines } = await start({ VERIFY_EVERY_SECONDS: "3600" });
  const queue = await queueOf(config);
  const done = () => metric("parley_job_seconds_count", 'job_name="chats.verify",outcome="done"');
  await until(async () => (await done()) === 1, "the schedule has run its job once");
  await queue.add("chats.verify", { limit: "many" });
  await queue.add("chats.burn", {});
  await until(() => lines.filter((line) => line.includes("A job failed")).length >= 2, "both have failed");
  expect(lines.join("")).toContain("knows no job called chats.burn");
  await queue.add("chats.verify", { limit: 1 });
  await until(async () => (await done()) === 2, "a good job has run");
});

test("stopping finishes the running job", async () => {
  const { client, release } = await lockChats();
  const { config, node, lines } = await start({ VERIFY_EVERY_SECONDS: "3600" });
  const queue = await queueOf(config);
  await until(async () => {
    const waiting = await client.query(
      "SELECT 1 FROM pg_locks WHERE relation = 'chats'::regclass AND NOT granted",
    );
    return (waiting.rowCount ?? 0) >= 1 && ((await queue.counts()).active ?? 0) >= 1;
  }, "the job waits for the lock");
  const stopped = node.stop("test");
  await release();
  await stopped;
  // Others of the clock may not have had their turn.
  expect(await queue.counts()).toMatchObject({ active: 0, failed: 0 });
  expect(lines.join("")).not.toContain("A job failed");
});

test("starts without Redis, and says that it is not ready", async () => {
  const { node, get } = await start({ REDIS_URL: "redis://127.0.0.1:1" });
  // A check may have been late once on a busy machine; Postgres is well as soon as one was not.
  const told = await until(async () => {
    const answer = await get("/readyz");
    expect(answer.status).toBe(503);
    const body = (await answer.json()) as { dependencies: { postgres: { ok: boolean } } };
    return body.dependencies.postgres.ok && body;
  }, "Postgres is seen to be well");
  expect(told).toMatchObject({ ready: false, dependencies: { redis: { ok: false } } });
  await node.stop("over");
  closing.length = 0;
});

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

/** The built program, as it runs in production. */
function runMain(env: NodeJS.ProcessEnv) {
  const main = path.resolve(import.meta.dirname, "../dist/main.js");
  const child = spawn(process.execPath, [main], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env.PATH, ...env },
  });
  children.push(child);
  let output = "";
  let errors = "";
  child.stdout.on("data", (data) => (output += data));
  child.stderr.on("data", (data) => (errors += data));
  const ended = once(child, "close").then(([code]: unknown[]) => ({ code, output, errors }));
  return { child, ended, output: () => output };
}

test("the program drains on SIGTERM and ends with exit code 0", async () => {
  const { child, ended, output } = runMain({
    HOST: "127.0.0.1",
    PORT: "0",
    DATABASE_URL: database.url,
    REDIS_URL: testRedisUrl(),
    REDIS_PREFIX: `test-${randomUUID()}`,
  });
  await until(() => output().includes("The worker runs"), "the worker runs");
  child.kill("SIGTERM");
  expect(await ended).toMatchObject({ code: 0, output: expect.stringContaining("worker has stopped") });
});

test("a faulty configuration is told in full and ends the program", async () => {
  const { code, errors } = await runMain({ PORT: "http", VERIFY_EVERY_SECONDS: "0" }).ended;
  expect(code).toBe(1);
  for (const name of ["PORT", "VERIFY_EVERY_SECONDS", "DATABASE_URL", "REDIS_URL"]) {
    expect(errors).toMatch(new RegExp(`^  ${name}: .+ \\(.+\\)$`, "m"));
  }
});

test("a taken port is one clear sentence", async () => {
  const other = createServer();
  other.listen(0, "127.0.0.1");
  await once(other, "listening");
  closing.push(() => void other.close());
  const address = other.address();
  const port = typeof address === "object" && address ? address.port : 0;
  const { code, errors } = await runMain({
    HOST: "127.0.0.1",
    PORT: String(port),
    DATABASE_URL: database.url,
    REDIS_URL: testRedisUrl(),
  }).ended;
  expect(code).toBe(1);
  expect(errors.trim()).toBe(`worker could not start: port ${port} is taken by another program`);
});

test("removes files that no message has attached, from the database and from the storage", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "parley-files-"));
  closing.push(() => rm(folder, { recursive: true }));
  const storage = openLocalStorage(folder);
  const { engine: uploads } = openTestEngine(database.url, {
    files: { storage, maxBytes: 100, quotaBytes: 1_000 },
  });
  closing.push(() => closeEngine(uploads));
  const chatId = await newChat();
  const upload = () => storeFile(uploads, { actor: alice, chatId, name: "a", bytes: bytesOf("x") });
  const [lost, kept] = [await upload(), await upload()];
  await storage.put(randomUUID(), bytesOf("without a row, but young"));
  await uploads.database.pool.query("UPDATE files SET check_at = now() WHERE id = $1", [lost.id]);
  const keys = async () => {
    const found: string[] = [];
    for await (const { key } of storage.list()) found.push(key);
    return found;
  };
  expect(await keys()).toHaveLength(3);
  const { config } = await start({ STORAGE_PATH: folder });
  const queue = await queueOf(config);
  await queue.add("files.collect", { sweep: true });
  await until(async () => !(await keys()).includes(lost.id), "the file is removed");
  await until(async () => (await rowsOf(uploads, lost.id)) === 0, "its row is removed");
  expect(await rowsOf(uploads, kept.id)).toBe(1);
  expect(await keys()).toContain(kept.id);
  expect(await keys()).toHaveLength(2);
});

test("schedules the clearing of files only where there is a storage", () => {
  const config = { STORAGE_PATH: undefined, S3_BUCKET: undefined } as WorkerConfig;
  const idsOf = (given: WorkerConfig) => schedulesOf(given).map(({ id }) => id);
  expect(idsOf(config)).not.toContain("files.collect");
  expect(idsOf({ ...config, S3_BUCKET: "b" })).toEqual(
    expect.arrayContaining(["files.collect", "files.sweep"]),
  );
});

async function rowsOf(of: Engine, id: string): Promise<number> {
  return (await of.database.pool.query("SELECT FROM files WHERE id = $1", [id])).rowCount ?? 0;
}

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}
