import { fileURLToPath } from "node:url";
import { type RedisCluster, startRedisCluster, until } from "@parley/testing";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { freePort } from "../local/free-port.js";
import { connectRedis, type Redis, type RedisRole, whenReady } from "../redis.js";
import { pingRedis, readTexts, scanKeys } from "../redis-servers.js";

const ROOT = fileURLToPath(new URL("../../../..", import.meta.url));
const ROLES: RedisRole[] = ["publish", "subscribe", "cache", "queue-producer", "queue-worker"];
/** On three servers, as the slots are shared out at the beginning. */
const KEYS = ["{rl}", "{nodes}", "{presence}"];
const closing: Array<() => unknown> = [];
const unhandled: unknown[] = [];
let cluster: RedisCluster;

beforeAll(async () => {
  process.on("unhandledRejection", (error) => unhandled.push(error));
  // Else all servers refuse commands a second after one is gone.
  cluster = await startRedisCluster(ROOT, { "cluster-require-full-coverage": "no" });
});

afterEach(() => {
  for (const close of closing.splice(0)) close();
  expect(unhandled).toEqual([]);
});

afterAll(() => cluster?.stop());

function connect(role: RedisRole, url = cluster.url) {
  const log = { info: vi.fn(), warn: vi.fn(), error: vi.fn() };
  const redis = connectRedis({ url, role, log });
  closing.push(() => redis.disconnect());
  const heard: string[] = [];
  redis.on("message", (channel, text) => heard.push(`${channel}: ${text}`));
  redis.on("smessageBuffer", (channel, text) => heard.push(`${channel}: ${text}`));
  return { redis, log, heard, role };
}

async function connectReady(role: RedisRole) {
  const connection = connect(role);
  await whenReady(connection.redis, 60_000);
  return connection;
}

const untilReady = (role: RedisRole, redis: Redis) =>
  until(() => whenReady(redis, 60_000).then(() => true), `${role} is ready`);

async function untilHeard(publisher: Redis, heard: string[], channel: string): Promise<void> {
  const text = `word ${heard.length}`;
  await until(async () => {
    await publisher.spublish(channel, text).catch(() => undefined);
    return heard.includes(`${channel}: ${text}`);
  }, `a word in ${channel} is heard`);
}

describe("a cluster that is well", () => {
  test.each(ROLES)("role %s: ready, reaches every server, and logs nothing", async (role) => {
    const { redis, log } = connect(role);
    await untilReady(role, redis);
    const refused = await Promise.allSettled(KEYS.map((key) => redis.set(key, role)));
    expect(refused.map(({ status }) => status)).toEqual(KEYS.map(() => "fulfilled"));
    await pingRedis(redis);
    expect(log.warn).not.toHaveBeenCalled();
  });

  test("sharded channels are heard wherever their slots are, plain ones too, until they are given up", async () => {
    const { redis: subscriber, heard } = await connectReady("subscribe");
    const { redis: publisher } = await connectReady("publish");
    for (const channel of KEYS) expect(await subscriber.ssubscribe(channel)).toBe(1);
    await subscriber.subscribe("plain");
    for (const channel of KEYS) expect(await publisher.spublish(channel, "hello")).toBe(1);
    await publisher.publish("plain", "hello");
    await until(() => heard.length === 4, "all four are heard");
    expect(heard.sort()).toEqual([...KEYS, "plain"].map((channel) => `${channel}: hello`).sort());
    await subscriber.sunsubscribe("{rl}");
    await until(async () => (await publisher.spublish("{rl}", "nobody")) === 0, "nobody listens there");
    expect(await publisher.spublish("{nodes}", "somebody")).toBe(1);
  });

  test("texts come in the order of their keys, and all keys of all servers are found", async () => {
    const { redis } = await connectReady("queue-worker");
    const keys = Array.from({ length: 30 }, (_, at) => `scan-test:${at}`);
    // Why they are not read with one command.
    await expect(redis.mget(keys)).rejects.toThrow("CROSSSLOT");
    await Promise.all(keys.map((key) => redis.set(key, `${key}!`)));
    expect(await readTexts(redis, [...keys, "none"])).toEqual([...keys.map((key) => `${key}!`), null]);
    const found: string[] = [];
    for await (const page of scanKeys(redis, { prefix: "scan-test:", atOnce: 5 })) found.push(...page);
    expect(found.sort()).toEqual([...keys].sort());
  });

  test("a slot that moves is followed by commands and by subscriptions, and nobody is told", async () => {
    const subscriber = await connectReady("subscribe");
    const publisher = await connectReady("publish");
    await subscriber.redis.ssubscribe("{moving}");
    await untilHeard(publisher.redis, subscriber.heard, "{moving}");
    await publisher.redis.set("{moving}:key", "stays");
    const before = await cluster.ownerOf("{moving}");
    await cluster.move("{moving}");
    expect(await cluster.ownerOf("{moving}")).not.toBe(before);
    await untilHeard(publisher.redis, subscriber.heard, "{moving}");
    expect(await publisher.redis.get("{moving}:key")).toBe("stays");
    for (const { log } of [subscriber, publisher]) expect(log.warn).not.toHaveBeenCalled();
  });
});

describe("a cluster that is not there", () => {
  test("publishing, caching and queueing fail at once, and one line is logged for many attempts at many servers", async () => {
    const url = `redis+cluster://127.0.0.1:${await freePort()},127.0.0.1:${await freePort()}`;
    for (const role of ["publish", "cache", "queue-producer"] as const) {
      const { redis, log } = connect(role, url);
      let attempts = 0;
      redis.on("reconnecting", () => attempts++);
      await expect(redis.get("key")).rejects.toThrow("isn't ready");
      await expect(whenReady(redis, 1)).rejects.toThrow("did not answer within 1 ms");
      await until(() => attempts > 3, "it tries again");
      expect(log.warn).toHaveBeenCalledTimes(1);
      expect(log.info).not.toHaveBeenCalled();
    }
  });

  test("nor does one wait that is for a single slot, unless it is a worker's", async () => {
    const url = `redis+cluster://127.0.0.1:${await freePort()},127.0.0.1:${await freePort()}`;
    const log = { info: vi.fn(), warn: vi.fn(), error: vi.fn() };
    const open = (role: RedisRole) => {
      const redis = connectRedis({ url, role, log, key: "{queues}" });
      closing.push(() => redis.disconnect());
      return redis;
    };
    await expect(open("queue-producer").get("{queues}")).rejects.toThrow("away");
    const worker = open("queue-worker");
    const waiting = worker.get("{queues}");
    waiting.catch(() => undefined);
    let attempts = 0;
    worker.on("reconnecting", () => attempts++);
    await until(() => attempts > 3, "it tries again");
    expect(log.warn).toHaveBeenCalledTimes(2);
    expect(await Promise.race([waiting, Promise.resolve("waits")])).toBe("waits");
  });

  test("a closed connection never becomes ready, whenever it is closed", async () => {
    const url = `redis+cluster://127.0.0.1:${await freePort()}`;
    for (const status of ["connecting", "reconnecting"]) {
      const { redis } = connect("cache", url);
      const waiting = whenReady(redis, 60_000);
      await until(() => redis.status === status, `it is ${status}`);
      redis.disconnect();
      await expect(waiting).rejects.toThrow("closed");
      await expect(whenReady(redis, 60_000)).rejects.toThrow("closed");
    }
  });
});

describe("a cluster that loses servers", () => {
  test("one master killed: its keys fail at once, the others go on, and all is well when the replica has its place", async () => {
    const all = await Promise.all(ROLES.map(connectReady));
    const [publisher, subscriber, cache, producer, worker] = all as [
      ReturnType<typeof connect>,
      ReturnType<typeof connect>,
      ReturnType<typeof connect>,
      ReturnType<typeof connect>,
      ReturnType<typeof connect>,
    ];
    for (const channel of KEYS) await subscriber.redis.ssubscribe(channel);
    await subscriber.redis.subscribe("plain");
    let readyAgain = 0;
    cache.redis.on("ready", () => readyAgain++);
    const lost = await cluster.ownerOf("{rl}");
    await cluster.kill(lost);

    const waiting = worker.redis.set("{rl}", "kept");
    const commands = [publisher, cache, producer].map(({ redis }) => redis.set("{rl}", "lost"));
    const others = [pingRedis(publisher.redis), readAll(cache.redis)];
    for (const { status } of await Promise.allSettled([...commands, ...others]))
      expect(status).toBe("rejected");
    expect(await cache.redis.set("{presence}", "kept")).toBe("OK");

    expect(await waiting).toBe("OK");
    for (const channel of KEYS) await untilHeard(publisher.redis, subscriber.heard, channel);
    await publisher.redis.publish("plain", "again");
    await until(() => subscriber.heard.includes("plain: again"), "the plain channel is heard");
    await cluster.restart();
    for (const { redis, log, role } of all) {
      await until(() => log.info.mock.calls.length > 0, `${role} is back`);
      await pingRedis(redis);
      expect([log.warn.mock.calls.length, log.info.mock.calls.length], role).toEqual([1, 1]);
      expect(log.warn.mock.calls[0]?.[0]).toMatchObject({ role, servers: [`127.0.0.1:${lost}`] });
    }
    // What the lost server knew last may be lost with it: presence compares itself anew.
    expect(readyAgain).toBe(1);
  });

  test("a master that hangs: a subscription and commands are not stuck to its silent connections", async () => {
    const subscriber = await connectReady("subscribe");
    const publisher = await connectReady("publish");
    await subscriber.redis.ssubscribe("{presence}");
    await untilHeard(publisher.redis, subscriber.heard, "{presence}");
    const halted = await cluster.ownerOf("{presence}");
    await cluster.signal(halted, "SIGSTOP");
    try {
      await expect(publisher.redis.spublish("{presence}", "lost")).rejects.toThrow();
      await untilHeard(publisher.redis, subscriber.heard, "{presence}");
      expect(subscriber.heard).not.toContain("{presence}: lost");
    } finally {
      await cluster.signal(halted, "SIGCONT");
    }
    // Where the replica was there before anybody gave up, nobody tells of anything.
    for (const { log } of [subscriber, publisher]) {
      await until(() => log.info.mock.calls.length === log.warn.mock.calls.length, "it is back");
      expect(log.info.mock.calls.length).toBeLessThanOrEqual(1);
    }
  });

  test("all servers killed and back, empty: connections find them again, and each change is logged once", async () => {
    const all = await Promise.all(ROLES.map(connectReady));
    const [publisher, subscriber] = all as [ReturnType<typeof connect>, ReturnType<typeof connect>];
    await subscriber.redis.ssubscribe("{rl}");
    await cluster.killAll();
    for (const { log } of all) await until(() => log.warn.mock.calls.length > 0, "it is noticed");
    await until(() => publisher.redis.status !== "ready", "the client knows that all are gone");
    await expect(publisher.redis.spublish("{rl}", "lost")).rejects.toThrow();
    await cluster.restart();
    for (const { log, role } of all) await until(() => log.info.mock.calls.length > 0, `${role} is back`);
    await untilHeard(publisher.redis, subscriber.heard, "{rl}");
    for (const { log, redis, role } of all) {
      await pingRedis(redis);
      expect([log.warn.mock.calls.length, log.info.mock.calls.length], role).toEqual([1, 1]);
    }
  });
});

async function readAll(redis: Redis): Promise<void> {
  for await (const _ of scanKeys(redis, { prefix: "", atOnce: 1_000 }));
}
