import { randomUUID } from "node:crypto";
import { createChat, type Engine, parseAllowedHosts, sendMessage, subscribe } from "@parley/engine";
import { createLogger, type JobQueue, openQueue } from "@parley/platform";
import {
  createTestDatabase,
  openTestEngine,
  type PushService,
  startPushService,
  type TestDatabase,
  testRedisUrl,
  until,
} from "@parley/testing";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { startWorker } from "./app.js";
import { workerConfigSchema } from "./config.js";
import { createVapidKeys } from "./push/vapid-keys.js";

const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined };
const closing: Array<() => unknown> = [];
let database: TestDatabase;
let engine: Engine;
let prefix: string;

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

/** A worker on the test's own queues. */
async function start(env: NodeJS.ProcessEnv = {}) {
  const lines: string[] = [];
  const config = workerConfigSchema.parse({
    ...{ HOST: "127.0.0.1", PORT: "0", NODE_NAME: "worker-1" },
    ...{ DATABASE_URL: database.url, REDIS_URL: testRedisUrl(), REDIS_PREFIX: prefix },
    NOTIFICATION_SWEEP_SECONDS: "1",
    ...env,
  });
  const destination = { write: (line: string) => void lines.push(line) };
  const log = createLogger({ level: "info", node: "worker-1", name: "worker", destination });
  const node = await startWorker(config, log);
  closing.push(() => node.stop("test over"));
  // No connection is kept: one that was idle while this process was held up would be closed in the moment in which it is used again.
  const get = async (route: string) =>
    (await fetch(`http://127.0.0.1:${node.port}${route}`, { headers: { connection: "close" } })).text();
  const done = async (job: string) => {
    const line = (await get("/metrics"))
      .split("\n")
      .find((one) => one.startsWith("parley_job_seconds_count{") && one.includes(`job_name="${job}"`));
    return Number(line?.split(" ").at(-1) ?? 0);
  };
  const readiness = () =>
    until(async () => {
      const found = JSON.parse(await get("/readyz"));
      return found.ready && found;
    }, "the worker is ready");
  return { lines, done, readiness };
}

async function openPushQueue(): Promise<JobQueue> {
  prefix = `test-${randomUUID()}`;
  const queue = openQueue({ name: "push", redisUrl: testRedisUrl(), prefix, log: SILENT });
  closing.push(() => queue.close());
  await until(() => queue.counts().catch(() => false as const), "the queue can be reached");
  return queue;
}

/** Somebody who has a browser at the push service gets a message. Returns how their notification stands. */
async function sendTo(service: PushService) {
  const actor = { userId: `from-${randomUUID()}`, role: "user" };
  const reader = { userId: `to-${randomUUID()}`, role: "user" };
  const allowedHosts = parseAllowedHosts(service.host).hosts;
  const open = { ...engine, endpointPolicy: { mode: "known", allowedHosts, production: false } as const };
  const { endpoint, keys } = service.newSubscription();
  await subscribe(open, { actor: reader, endpoint, keys });
  const request = { type: "direct" as const, userId: reader.userId };
  const { id: chatId } = await createChat(engine, { actor, request });
  await sendMessage(engine, { actor, chatId, draft: { type: "text", content: "hello" } });
  return async () => (await engine.database.prisma.notification.findFirst({ where: { chatId } }))?.state;
}

test("a worker without keys decides, and leaves the pushes to one that has keys", async () => {
  const queue = await openPushQueue();
  const service = await startPushService();
  closing.push(() => service.stop());
  const keyless = await start();
  expect((await keyless.readiness()).dependencies.push).toEqual({
    ok: false,
    required: false,
    detail: expect.stringContaining("VAPID_PRIVATE_KEY"),
  });
  expect(keyless.lines.join("")).toContain("npm run -s vapid");
  const state = await sendTo(service);
  await until(async () => (await state()) === "due", "it is decided");
  await until(async () => (await queue.counts()).waiting === 1, "the push waits for somebody");

  // Nobody fails it or throws it away meanwhile: whoever has keys does it.
  const { publicKey, privateKey } = createVapidKeys();
  const keyed = await start({
    ...{ VAPID_PUBLIC_KEY: publicKey, VAPID_PRIVATE_KEY: privateKey },
    PUSH_ALLOWED_HOSTS: service.host,
  });
  expect((await keyed.readiness()).dependencies.push).toEqual({ ok: true, required: false });
  await until(async () => (await state()) === "sent", "it is pushed");
  // What it did is stored before its job is over.
  await until(async () => (await keyed.done("push.deliver")) > 0, "its job is over");
  expect([await keyless.done("push.deliver"), await keyed.done("push.deliver")]).toEqual([0, 1]);
  expect(await queue.counts()).toMatchObject({ waiting: 0, failed: 0 });
  expect(service.received).toHaveLength(1);
});

test("a worker without keys does not fill the queue of pushes that nobody takes", async () => {
  const queue = await openPushQueue();
  const service = await startPushService();
  closing.push(() => service.stop());
  const add = () => queue.add("push.deliver", { notificationIds: [randomUUID()] });
  await Promise.all(Array.from({ length: 999 }, add));
  const keyless = await start();
  // The first one still finds room.
  const first = await sendTo(service);
  await until(async () => (await first()) === "due", "the first is decided");
  await until(async () => (await queue.counts()).waiting === 1_000, "the first is asked for");
  const second = await sendTo(service);
  await until(async () => (await second()) === "due", "the second is decided");
  // The sweep that decided it has ended, and a whole one after it.
  const before = await keyless.done("notifications.sweep");
  await until(async () => (await keyless.done("notifications.sweep")) >= before + 2, "it has swept again");
  expect(await queue.counts()).toMatchObject({ waiting: 1_000, delayed: 0 });
});
