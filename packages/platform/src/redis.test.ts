import { mkdtempSync, rmSync } from "node:fs";
import { createConnection, createServer, type Server } from "node:net";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeAll, expect, test, vi } from "vitest";
import { freePort } from "./local/free-port.js";
import { startRedis } from "./local/redis.js";
import { connectRedis, type Redis, type RedisRole, whenReady } from "./redis.js";

const url = process.env.PARLEY_TEST_REDIS_URL ?? "";
const binaryDir = path.resolve(import.meta.dirname, "../../../.parley/redis-program");
const roles: RedisRole[] = ["publish", "subscribe", "cache", "queue-producer", "queue-worker"];
const closing: Array<() => unknown> = [];
const unhandled: unknown[] = [];

beforeAll(() => void process.on("unhandledRejection", (error) => unhandled.push(error)));

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  expect(unhandled).toEqual([]);
});

function connect(role: RedisRole, to = url) {
  const log = { info: vi.fn(), warn: vi.fn(), error: vi.fn() };
  const redis = connectRedis({ url: to, role, log });
  closing.push(() => redis.disconnect());
  return { redis, log };
}

function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), "parley-redis-test-"));
  closing.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test.each(roles)("role %s: ready, works, and logs nothing", async (role) => {
  const { redis, log } = connect(role);
  await whenReady(redis, 60_000);
  await whenReady(redis, 60_000);
  expect(await redis.ping()).toBe("PONG");
  expect(log.warn).not.toHaveBeenCalled();
});

test("without Redis: publishing, caching and queueing fail at once, and one line is logged for many attempts", async () => {
  const to = `redis://127.0.0.1:${await freePort()}`;
  for (const role of ["publish", "cache", "queue-producer"] as const) {
    const { redis, log } = connect(role, to);
    const attempts = countAttempts(redis);
    await expect(redis.get("key")).rejects.toThrow();
    await expect(whenReady(redis, 1)).rejects.toThrow("did not answer within 1 ms");
    await vi.waitFor(() => expect(attempts()).toBeGreaterThan(3), 60_000);
    expect(log.warn).toHaveBeenCalledTimes(1);
    expect(log.info).not.toHaveBeenCalled();
  }
});

test("a closed connection never becomes ready", async () => {
  const { redis } = connect("cache", `redis://127.0.0.1:${await freePort()}`);
  const waiting = whenReady(redis, 60_000);
  redis.disconnect();
  await expect(waiting).rejects.toThrow("closed");
  await expect(whenReady(redis, 60_000)).rejects.toThrow("closed");
});

test("a Redis that takes the connection and never answers: commands fail, nothing is left over", async () => {
  const port = await blackHole();
  const { redis, log } = connect("publish", `redis://127.0.0.1:${port}`);
  await expect(redis.publish("channel", "hint")).rejects.toThrow();
  await expect(whenReady(redis, 50)).rejects.toThrow("did not answer");
  expect(log.error).not.toHaveBeenCalled();
});

test("a connection that falls silent is replaced, for those who only listen too", async () => {
  const frozen = new Set<string>();
  const proxy = await startProxy(frozen);
  const { redis } = connect("subscribe", `redis://127.0.0.1:${proxy.port}`);
  await redis.subscribe("news");
  const silent = proxy.connections();
  frozen.add("all");
  await vi.waitFor(() => expect(proxy.connections()).toBeGreaterThan(silent), 60_000);
  frozen.clear();
  const { redis: publisher } = connect("publish");
  await whenReady(publisher, 60_000);
  const heard: string[] = [];
  redis.on("message", (_, text) => heard.push(text));
  await vi.waitFor(async () => {
    await publisher.publish("news", "again");
    expect(heard).toContain("again");
  }, 60_000);
});

test("Redis comes, goes and comes back: subscriptions live on, and each change is logged once", async () => {
  const port = await freePort();
  const to = `redis://127.0.0.1:${port}`;
  const options = { dataDir: temporaryFolder(), binaryDir, port, durable: false };
  const subscriber = connect("subscribe", to);
  const publisher = connect("publish", to);
  const heard: string[] = [];
  subscriber.redis.on("message", (_, text) => heard.push(text));
  const subscribing = subscriber.redis.subscribe("news");

  const hint = async (text: string) => {
    await vi.waitFor(async () => {
      await publisher.redis.publish("news", text);
      expect(heard).toContain(text);
    }, 60_000);
  };
  const first = await startRedis(options);
  closing.push(() => first.stop());
  await subscribing;
  await hint("first");
  await first.stop();
  await vi.waitFor(() => expect(publisher.redis.status).not.toBe("ready"), 60_000);
  await expect(publisher.redis.publish("news", "lost")).rejects.toThrow();

  const second = await startRedis(options);
  closing.push(() => second.stop());
  await Promise.all([whenReady(publisher.redis, 60_000), whenReady(subscriber.redis, 60_000)]);
  await hint("second");
  expect(heard).not.toContain("lost");
  for (const { log } of [subscriber, publisher]) {
    expect(log.warn).toHaveBeenCalledTimes(2);
    expect(log.info).toHaveBeenCalledTimes(2);
  }
});

function countAttempts(redis: Redis): () => number {
  let attempts = 0;
  redis.on("reconnecting", () => attempts++);
  return () => attempts;
}

/** Accepts connections and swallows what is sent. */
function blackHole(): Promise<number> {
  return listening(createServer((socket) => void socket.on("error", () => undefined).resume()));
}

function listening(server: Server): Promise<number> {
  closing.push(() => void server.close());
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address ? address.port : 0);
    });
  });
}

/** Passes on to the real Redis; while frozen it swallows what comes. */
async function startProxy(frozen: Set<string>): Promise<{ port: number; connections: () => number }> {
  let count = 0;
  const { hostname, port: redisPort } = new URL(url);
  const server = createServer((socket) => {
    count++;
    const upstream = createConnection(Number(redisPort), hostname);
    for (const [from, to] of [
      [socket, upstream],
      [upstream, socket],
    ] as const) {
      from.on("data", (data) => void (frozen.size === 0 && to.write(data)));
      from.on("error", () => undefined).on("close", () => to.destroy());
    }
  });
  const port = await listening(server);
  return { port, connections: () => count };
}
