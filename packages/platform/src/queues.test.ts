import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { startTcpProxy } from "@parley/testing";
import { Redis } from "ioredis";
import { afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { freePort } from "./local/free-port.js";
import { startRedis } from "./local/redis.js";
import { type JobRun, openQueue, openWorker, QueueUnavailable } from "./queues.js";

const redisUrl = process.env.PARLEY_TEST_REDIS_URL ?? "";
const binaryDir = path.resolve(import.meta.dirname, "../../../.parley/redis-program");
const closing: Array<() => unknown> = [];
const unhandled: unknown[] = [];
let prefix: string;

beforeAll(() => void process.on("unhandledRejection", (error) => unhandled.push(error)));

beforeEach(() => {
  prefix = `test-${randomUUID()}`;
});

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  expect(unhandled).toEqual([]);
});

function createLog() {
  return { info: vi.fn(), warn: vi.fn(), error: vi.fn() };
}

function queueOn(to = redisUrl) {
  const queue = openQueue({ name: "jobs", redisUrl: to, log: createLog(), prefix });
  closing.push(() => queue.close());
  return queue;
}

function workerOn(run: (job: JobRun) => Promise<void>, { to = redisUrl, concurrency = 4 } = {}) {
  const log = createLog();
  const worker = openWorker({ name: "jobs", redisUrl: to, log, prefix, concurrency, run });
  closing.push(() => worker.close());
  return { worker, log };
}

/** Tries until the queue's connection is there. */
function add(queue: ReturnType<typeof queueOn>, [job, data, options]: Parameters<typeof queue.add>) {
  return vi.waitFor(() => queue.add(job, data, options), 60_000);
}

test("a job gets to the worker, with its data; one with a known id is added once", async () => {
  const queue = queueOn();
  await add(queue, ["chats.verify", { limit: 5 }, { id: "one" }]);
  await add(queue, ["chats.verify", { limit: 6 }, { id: "one" }]);
  const ran: JobRun[] = [];
  workerOn(async (job) => void ran.push(job));
  await vi.waitFor(() => expect(ran).toHaveLength(1), 60_000);
  expect(ran[0]).toEqual({ id: "one", job: "chats.verify", data: { limit: 5 }, attempt: 1 });
});

test("tells how long the oldest job has been ready, and of none 0; a delay is no waiting", async () => {
  const queue = queueOn();
  await add(queue, ["chats.verify", {}, { id: "later", delayMs: 3_600_000 }]);
  expect(await queue.oldestWaitingMs()).toBe(0);
  await add(queue, ["chats.verify", {}, { id: "first" }]);
  await vi.waitFor(async () => expect(await queue.oldestWaitingMs()).toBeGreaterThan(50), 60_000);
  const before = await queue.oldestWaitingMs();
  await add(queue, ["chats.verify", {}, { id: "second" }]);
  expect(await queue.oldestWaitingMs()).toBeGreaterThanOrEqual(before);
});

test("a failed job is tried again; neither log nor Redis learn what the error quotes", async () => {
  const redis = new Redis(redisUrl);
  closing.push(() => redis.disconnect());
  const stored = async () => JSON.stringify(await redis.hgetall(`{${prefix}}:jobs:one`));
  const seen: string[] = [];
  const { log } = workerOn(async ({ attempt }) => {
    seen.push(await stored());
    if (attempt === 1) throw Object.assign(new Error('invalid input: "hunter2"'), { code: "22P02" });
  });
  await add(queueOn(), ["chats.verify", {}, { id: "one" }]);
  await vi.waitFor(() => expect(seen).toHaveLength(2), 60_000);
  expect(seen[1]).toContain("invalid input");
  expect(seen[1]).not.toContain("hunter2");
  expect(log.error).toHaveBeenCalledTimes(1);
});

test("a schedule goes on as long as it is seen to, and is back after Redis was emptied", async () => {
  const queue = queueOn();
  let runs = 0;
  workerOn(async () => void runs++);
  const plan = { everyMs: 50, job: "chats.verify", data: {} };
  const seeTo = async (until: number) => {
    await queue.schedule("verify", plan);
    expect(runs).toBeGreaterThanOrEqual(until);
  };
  await vi.waitFor(() => seeTo(3), 60_000);
  await emptyPrefix();
  const before = runs;
  await vi.waitFor(() => seeTo(before + 3), 60_000);
});

test("a good schedule is left alone; one with another interval is replaced", async () => {
  const queue = queueOn();
  let runs = 0;
  workerOn(async () => void runs++);
  const plan = { everyMs: 3_600_000, job: "chats.verify", data: {} };
  await vi.waitFor(() => queue.schedule("verify", plan), 60_000);
  await vi.waitFor(() => expect(runs).toBe(1), 60_000);
  for (let again = 0; again < 5; again++) await queue.schedule("verify", plan);
  expect(await queue.counts()).toEqual({ waiting: 0, active: 0, delayed: 1, failed: 0 });
  expect(runs).toBe(1);
  await queue.schedule("verify", { ...plan, everyMs: 1_800_000 });
  await vi.waitFor(() => expect(runs).toBe(2), 60_000);
});

test("closing waits for the running jobs and takes no more", async () => {
  const queue = queueOn();
  let finish: () => void = () => undefined;
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  let ended = 0;
  const { worker } = workerOn(
    async () => {
      await finished;
      ended++;
    },
    { concurrency: 1 },
  );
  await add(queue, ["chats.verify", {}, { id: "one" }]);
  await vi.waitFor(async () => expect(await queue.counts()).toMatchObject({ active: 1 }), 60_000);
  const closed = worker.close();
  await add(queue, ["chats.verify", {}, { id: "two" }]);
  finish();
  await closed;
  expect(ended).toBe(1);
  expect(await queue.counts()).toMatchObject({ active: 0, waiting: 1 });
});

test("too much data is refused", async () => {
  const queue = queueOn();
  await add(queue, ["chats.verify", {}]);
  await expect(queue.add("chats.verify", { text: "x".repeat(20_000) })).rejects.toThrow();
});

test("without Redis adding fails at once; it works when Redis comes, and again after it went", async () => {
  const port = await freePort();
  const to = `redis://127.0.0.1:${port}`;
  const folder = mkdtempSync(path.join(os.tmpdir(), "parley-queue-test-"));
  closing.push(() => rmSync(folder, { recursive: true, force: true }));
  const options = { dataDir: folder, binaryDir, port, durable: false };
  const queue = queueOn(to);
  const ready = vi.fn();
  queue.onReady(ready);
  const ran: string[] = [];
  const { log } = workerOn(async ({ id }) => void ran.push(id), { to });
  await expect(queue.add("chats.verify", {})).rejects.toThrow(QueueUnavailable);

  const first = await startRedis(options);
  closing.push(() => first.stop());
  await add(queue, ["chats.verify", {}, { id: "first" }]);
  await vi.waitFor(() => expect(ran).toEqual(["first"]), 60_000);
  await first.stop();
  await vi.waitFor(() => expect(queue.add("chats.verify", {})).rejects.toThrow(QueueUnavailable), 60_000);

  const second = await startRedis(options);
  closing.push(() => second.stop());
  await add(queue, ["chats.verify", {}, { id: "second" }]);
  await vi.waitFor(() => expect(ran).toEqual(["first", "second"]), 60_000);
  expect(ready).toHaveBeenCalledTimes(2);
  expect(log.error).not.toHaveBeenCalled();
});

test("a worker closes without Redis too, after its running job", async () => {
  const port = await freePort();
  const folder = mkdtempSync(path.join(os.tmpdir(), "parley-queue-test-"));
  closing.push(() => rmSync(folder, { recursive: true, force: true }));
  const redis = await startRedis({ dataDir: folder, binaryDir, port, durable: false });
  closing.push(() => redis.stop());
  const to = `redis://127.0.0.1:${port}`;
  let finish: () => void = () => undefined;
  let ended = false;
  const started = vi.fn();
  const { worker } = workerOn(
    async () => {
      started();
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      ended = true;
    },
    { to },
  );
  await add(queueOn(to), ["chats.verify", {}]);
  await vi.waitFor(() => expect(started).toHaveBeenCalled(), 60_000);
  await redis.stop();
  const closed = worker.close();
  finish();
  await closed;
  expect(ended).toBe(true);
});

test("a worker closes while Redis hangs, before its connection notices, and after its running job", async () => {
  const wire = await startTcpProxy(Number(new URL(redisUrl).port));
  closing.push(() => wire.stop());
  let finish: () => void = () => undefined;
  const started = vi.fn();
  const ended = vi.fn();
  const run = async () => {
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    started();
    await finished;
    ended();
  };
  const { worker, log } = workerOn(run, { to: `redis://127.0.0.1:${wire.port}` });
  await add(queueOn(), ["chats.verify", {}]);
  await vi.waitFor(() => expect(started).toHaveBeenCalled(), 20_000);
  wire.hang();
  const closed = worker.close();
  finish();
  await closed;
  expect(ended).toHaveBeenCalled();
  // That Redis is away, which is said when the connection gives up.
  expect(log.warn).not.toHaveBeenCalled();
});

test("a worker that never saw Redis closes", async () => {
  const { worker } = workerOn(async () => undefined, { to: `redis://127.0.0.1:${await freePort()}` });
  await worker.close();
});

async function emptyPrefix(): Promise<void> {
  const redis = new Redis(redisUrl);
  const keys = await redis.keys(`{${prefix}}:*`);
  if (keys.length > 0) await redis.del(...keys);
  redis.disconnect();
}
