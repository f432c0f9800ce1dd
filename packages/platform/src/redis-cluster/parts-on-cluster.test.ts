import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import { type RedisCluster, startRedisCluster, until } from "@parley/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { ReportBoard, STEP_SECONDS } from "../node-reports/report-board.js";
import { createPresence } from "../presence/presence.js";
import { createPresenceLookup } from "../presence/presence-lookup.js";
import { createRoomPresence } from "../presence/room-presence.js";
import { Viewing } from "../presence/viewing.js";
import { createViewingReader } from "../presence/viewing-reader.js";
import { openQueue, openWorker } from "../queues.js";
import { createRateLimiter } from "../rate-limiter.js";
import { openRawQueues } from "../raw-queues.js";
import { connectRedis, type Redis, type RedisRole, whenReady } from "../redis.js";

const ROOT = fileURLToPath(new URL("../../../..", import.meta.url));
const closing: Array<() => unknown> = [];
let cluster: RedisCluster;
let prefix: string;

beforeAll(async () => {
  cluster = await startRedisCluster(ROOT);
});

beforeEach(() => {
  prefix = `test-${randomBytes(6).toString("hex")}`;
});

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

afterAll(() => cluster?.stop());

const succeeded = () => true;
const failed = () => false;
const createLog = () => ({ info: vi.fn(), warn: vi.fn(), error: vi.fn() });

async function connect(role: RedisRole): Promise<Redis> {
  const redis = connectRedis({ url: cluster.url, role, log: createLog() });
  closing.push(() => redis.disconnect());
  await whenReady(redis, 60_000);
  return redis;
}

/** Somebody's only connection to a node. */
const of = (userId: string) => ({ id: userId, userId });

/** Two nodes' presence, in general and in rooms, and what the first of them told. */
async function openPresence() {
  const told: string[] = [];
  const nodes = await Promise.all(
    ["one", "two"].map(async (node) => {
      const redis = await connect("cache");
      const place = { redis, node, log: createLog(), leaseMs: 1_500, offlineDelayMs: 0 };
      const presence = createPresence({
        ...place,
        prefix: `${prefix}:{presence}`,
        onChange: ({ userId, status }) => void (node === "one" && told.push(`${userId} ${status}`)),
      });
      const rooms = createRoomPresence({
        ...place,
        prefix: `${prefix}:{presence}:rooms`,
        onChange: () => undefined,
      });
      const viewing = new Viewing({ redis, node, prefix: `${prefix}:{presence}`, leaseMs: 1_500 });
      for (const part of [presence, rooms, viewing]) part.start();
      closing.push(() => Promise.all([presence.stop(), rooms.stop(), viewing.stop()]));
      return { redis, presence, rooms, viewing };
    }),
  );
  const [one, two] = nodes as [(typeof nodes)[number], (typeof nodes)[number]];
  return { one, two, told };
}

describe("no part of the platform needs two slots at once", () => {
  /** How often the servers refused commands for reasons of the keys' places. */
  async function refusals() {
    const { CROSSSLOT = 0, TRYAGAIN = 0 } = await cluster.refusals();
    return { CROSSSLOT, TRYAGAIN };
  }

  test("rate limits are shared, for many keys in one call", async () => {
    const before = await refusals();
    // The test would see it.
    const redis = await connect("cache");
    await expect(redis.mget("a", "b")).rejects.toThrow("CROSSSLOT");
    expect(await refusals()).toEqual({ ...before, CROSSSLOT: before.CROSSSLOT + 1 });
    const onFallback = vi.fn();
    const limiters = [redis, await connect("cache")].map((redis) =>
      createRateLimiter({ redis, log: createLog(), prefix, onFallback, patienceMs: 20_000 }),
    );
    const policy = { name: "slow", perMinute: 1, burst: 5 };
    const takes = Array.from({ length: 60 }, (_, at) => limiters[at % 2]?.take(`user-${at % 4}`, policy));
    const decisions = await Promise.all(takes);
    expect(decisions.filter((decision) => decision?.allowed)).toHaveLength(20);
    expect(onFallback).not.toHaveBeenCalled();
    expect(await refusals()).toEqual({ ...before, CROSSSLOT: before.CROSSSLOT + 1 });
  });

  test("presence, rooms, and who looks at what", async () => {
    const before = await refusals();
    const { one, two, told } = await openPresence();
    const lookUp = createPresenceLookup({ redis: one.redis, prefix: `${prefix}:{presence}` });
    const read = createViewingReader({ redis: one.redis, prefix: `${prefix}:{presence}`, leaseMs: 1_500 });
    const users = Array.from({ length: 20 }, (_, at) => `user-${at}`);
    for (const user of users) two.presence.connected(of(user));
    two.rooms.entered({ room: "den", userId: "user-0" }, "user-0");
    two.viewing.opened({ userId: "user-0", place: "chat" });
    const online = async () => (await lookUp(users)).every(({ status }) => status === "online");
    await until(online, "all are online");
    await until(async () => (await one.rooms.count(["den"]))[0] === 1, "one is in the room");
    await until(async () => (await read([{ userId: "user-0", place: "chat" }]))[0] !== null, "one looks");
    for (const user of users) two.presence.disconnected(of(user));
    await until(
      async () => (await lookUp(users)).every(({ status }) => status === "offline"),
      "all are gone",
    );
    expect(told).toEqual([]);
    expect(await refusals()).toEqual(before);
  });

  test("reports of nodes, by the clock of the server that has them", async () => {
    const before = await refusals();
    const board = new ReportBoard({ redis: await connect("cache"), prefix: `${prefix}:{nodes}` });
    const samples = [{ step: Math.floor(Date.now() / 1_000 / STEP_SECONDS), text: "{}" }];
    for (const node of ["a", "b"]) await board.write({ node, instance: `${node}-1`, report: "{}", samples });
    await board.askDrain({ node: "a", instance: "a-1" });
    expect(await board.write({ node: "a", instance: "a-1", report: "{}" })).toMatchObject({ drain: true });
    expect((await board.list()).map(({ node }) => node).sort()).toEqual(["a", "b"]);
    expect((await board.steps(STEP_SECONDS)).length).toBeLessThanOrEqual(1);
    await board.leave("a");
    expect((await board.list()).map(({ node }) => node)).toEqual(["b"]);
    expect(await refusals()).toEqual(before);
  });

  test("queues, what operators do with them, and what a tool sees of them", async () => {
    const before = await refusals();
    const place = { redisUrl: cluster.url, prefix, log: createLog() };
    const queue = openQueue({ name: "jobs", ...place });
    const raw = openRawQueues({ names: ["jobs"], ...place });
    closing.push(
      () => queue.close(),
      () => raw.close(),
    );
    const ran: string[] = [];
    await until(() => queue.add("first", {}).then(succeeded, failed), "the queue takes jobs");
    await queue.add("broken", {}, { id: "broken" });
    await queue.add("late", {}, { delayMs: 300 });
    await queue.schedule("again", { everyMs: 200, job: "again", data: {} });
    let isMended = false;
    const worker = openWorker({
      name: "jobs",
      ...place,
      run: async ({ job }) => {
        if (job === "broken" && !isMended) throw new Error("broken");
        ran.push(job);
      },
    });
    closing.push(() => worker.close());
    await until(() => ["first", "late"].every((job) => ran.includes(job)), "both have run");
    await until(() => ran.filter((job) => job === "again").length > 1, "the schedule goes on");
    await until(async () => (await queue.counts()).failed === 1, "one has failed for good");
    expect(await queue.control.look({ failures: 5 })).toMatchObject({ failed: 1, paused: false });
    isMended = true;
    expect(await queue.control.retryFailed()).toBe(1);
    await until(() => ran.includes("broken"), "it runs again");
    await queue.control.pause();
    const [seen] = await raw.open();
    expect(await seen?.isPaused()).toBe(true);
    expect(await seen?.getWorkersCount()).toBe(1);
    await queue.control.resume();
    expect(await queue.oldestWaitingMs()).toBeGreaterThanOrEqual(0);
    expect(await refusals()).toEqual(before);
  });
});

describe("while servers fail and slots move", () => {
  test("presence goes on after its server was killed, and is whole after all were, and are back empty", async () => {
    const { one, two } = await openPresence();
    const lookUp = createPresenceLookup({ redis: one.redis, prefix: `${prefix}:{presence}` });
    const untilThey = (...expected: [user: string, status: string][]) =>
      until(
        async () => {
          const found = await lookUp(expected.map(([user]) => user)).catch(() => []);
          return found.map(({ status }) => status).join() === expected.map(([, status]) => status).join();
        },
        `they are ${expected.join(" ")}`,
      );
    for (const node of [one, two]) node.presence.connected(of("both"));
    two.presence.connected(of("ann"));
    await untilThey(["both", "online"], ["ann", "online"]);
    await cluster.failOver("{presence}");
    two.presence.disconnected(of("both"));
    two.presence.connected(of("ben"));
    await untilThey(["both", "online"], ["ann", "online"], ["ben", "online"]);
    one.presence.disconnected(of("both"));
    await untilThey(["both", "offline"], ["ann", "online"], ["ben", "online"]);
    await cluster.restart();
    await cluster.killAll();
    await until(() => two.redis.get("any").then(failed, succeeded), "it is noticed");
    two.presence.disconnected(of("ben"));
    await cluster.restart();
    await untilThey(["ann", "online"], ["ben", "offline"]);
  });

  test("every job runs once while the queue's slot moves, and all run when its server is killed", async () => {
    const place = { redisUrl: cluster.url, prefix, log: createLog() };
    const queue = openQueue({ name: "jobs", ...place });
    closing.push(() => queue.close());
    const ran = new Map<string, number>();
    const worker = openWorker({
      name: "jobs",
      ...place,
      run: async ({ id }) => void ran.set(id, (ran.get(id) ?? 0) + 1),
    });
    closing.push(() => worker.close());
    const add = (at: number) =>
      until(() => queue.add("count", {}, { id: `job-${at}` }).then(succeeded, failed), `job ${at} is taken`);
    await add(0);
    // One that has not heard of a move yet takes a job all the same.
    await cluster.move(`{${prefix}}`);
    await queue.add("count", {}, { id: "job-moved" });
    await until(() => ran.size === 2, "it has run");
    const moving = cluster.move(`{${prefix}}`);
    for (let at = 1; at < 100; at++) await add(at);
    await moving;
    await until(() => ran.size === 101, "all have run");
    expect([...ran.values()].every((times) => times === 1)).toBe(true);

    await cluster.failOver(`{${prefix}}`);
    for (let at = 100; at < 120; at++) await add(at);
    await until(() => ran.size === 121, "all have run after a server was killed");
    await cluster.restart();
  });

  test("a worker and a limiter go on after all servers were gone", async () => {
    const place = { redisUrl: cluster.url, prefix, log: createLog() };
    const queue = openQueue({ name: "jobs", ...place });
    closing.push(() => queue.close());
    const ran: string[] = [];
    const worker = openWorker({ name: "jobs", ...place, run: async ({ job }) => void ran.push(job) });
    closing.push(() => worker.close());
    const onFallback = vi.fn();
    const limiter = createRateLimiter({
      redis: await connect("cache"),
      log: createLog(),
      prefix,
      onFallback,
    });
    const take = () => limiter.take("user", { name: "many", perMinute: 6_000, burst: 1_000 });
    await until(() => queue.add("before", {}).then(succeeded, failed), "the queue takes jobs");
    await until(() => ran.includes("before"), "it has run");
    await cluster.killAll();
    await until(() => take().then(() => onFallback.mock.calls.length > 0), "limits are counted here");
    await until(() => queue.add("lost", {}).then(failed, succeeded), "the queue takes none");
    // Long enough that everybody has given up on what they had.
    await until(() => place.log.warn.mock.calls.length >= 2, "both have noticed");
    await cluster.restart();
    await until(() => queue.add("after", {}).then(succeeded, failed), "the queue takes jobs again");
    await until(() => ran.includes("after"), "the worker runs them");
    await until(async () => {
      const before = onFallback.mock.calls.length;
      await take();
      return onFallback.mock.calls.length === before;
    }, "limits are shared again");
  });

  test("a worker ends in order when its queue's server is gone, and waits for what runs", async () => {
    const place = { redisUrl: cluster.url, prefix, log: createLog() };
    const queue = openQueue({ name: "jobs", ...place });
    closing.push(() => queue.close());
    let finish: () => void = () => undefined;
    let isRunning = false;
    let isDone = false;
    const worker = openWorker({
      name: "jobs",
      ...place,
      run: async () => {
        isRunning = true;
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
        isDone = true;
      },
    });
    await until(() => queue.add("long", {}).then(succeeded, failed), "the job is taken");
    await until(() => isRunning, "it runs");
    // Both its server and the replica, so that nobody takes its place; the others answer on.
    const first = await cluster.failOver(`{${prefix}}`);
    await cluster.kill(await cluster.ownerOf(`{${prefix}}`));
    let isClosed = false;
    const closed = worker.close().then(() => {
      isClosed = true;
    });
    await until(async () => (await queue.counts().catch(() => null)) === null, "nobody has the queue");
    expect({ isClosed, isDone }).toEqual({ isClosed: false, isDone: false });
    finish();
    await closed;
    expect(isDone).toBe(true);
    expect(first).toBeGreaterThan(0);
  });
});
