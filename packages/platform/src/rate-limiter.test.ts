import { randomUUID } from "node:crypto";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { freePort } from "./local/free-port.js";
import { createRateLimiter, type RateLimiterOptions } from "./rate-limiter.js";
import { connectRedis, type Redis, whenReady } from "./redis.js";

const url = process.env.PARLEY_TEST_REDIS_URL ?? "";
const closing: Array<() => unknown> = [];
let key: string;

beforeEach(() => {
  key = randomUUID();
});

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function limiterOn(to = url, options: Partial<RateLimiterOptions> = {}) {
  const log = { info: vi.fn(), warn: vi.fn(), error: vi.fn() };
  // The role of those who are patient, where there is a Redis: a busy machine is none that has failed.
  const redis = connectRedis({ url: to, role: to === url ? "queue-worker" : "cache", log });
  closing.push(() => redis.disconnect());
  if (to === url) await whenReady(redis, 60_000);
  const onFallback = vi.fn<(decisions: number) => void>();
  const limiter = createRateLimiter({ redis, log, onFallback, patienceMs: 20_000, ...options });
  return { limiter, redis, log, onFallback };
}

/** No token comes back while a test runs. */
const slow = { name: "slow", perMinute: 1, burst: 20 };

test("the burst is honoured exactly over two nodes that take at the same time", async () => {
  const nodes = [await limiterOn(), await limiterOn()];
  const decisions = await Promise.all(
    Array.from({ length: 200 }, (_, take) => nodes[take % 2]?.limiter.take(key, slow)),
  );
  expect(decisions.filter((decision) => decision?.allowed)).toHaveLength(20);
  const remaining = decisions.flatMap((decision) => (decision?.allowed ? [decision.remaining] : []));
  expect(remaining.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, place) => place));
  for (const { onFallback } of nodes) expect(onFallback).not.toHaveBeenCalled();
});

test("takes of one key in one call are decided one after the other, in their order", async () => {
  const { limiter } = await limiterOn();
  const policy = { name: "slow", perMinute: 1, burst: 3 };
  const decisions = await Promise.all(Array.from({ length: 5 }, () => limiter.take(key, policy)));
  expect(decisions.map(({ allowed, remaining }) => [allowed, remaining])).toEqual([
    [true, 2],
    [true, 1],
    [true, 0],
    [false, 0],
    [false, 0],
  ]);
  expect(decisions[0]).toMatchObject({ limit: 1, retryAfterMs: 0, resetMs: 60_000 });
  expect(decisions[3]?.retryAfterMs).toBeGreaterThan(59_000);
  expect(decisions[3]?.retryAfterMs).toBeLessThanOrEqual(60_002);
});

test("a retry after the time it was told succeeds, again and again", async () => {
  const { limiter } = await limiterOn();
  const policy = { name: "fast", perMinute: 6_000, burst: 2 };
  for (let round = 0; round < 20; round++) {
    const decisions = await Promise.all([1, 2, 3].map(() => limiter.take(key, policy)));
    const retryAfterMs = decisions[2]?.retryAfterMs ?? 0;
    expect(retryAfterMs).toBeGreaterThan(0);
    expect(retryAfterMs).toBeLessThanOrEqual(12);
    await sleep(retryAfterMs);
    expect((await limiter.take(key, policy)).allowed).toBe(true);
  }
});

test("the whole burst is back after the time it was told", async () => {
  const { limiter, redis } = await limiterOn();
  const policy = { name: "fast", perMinute: 3_000, burst: 5 };
  const decisions = await Promise.all(Array.from({ length: 5 }, () => limiter.take(key, policy)));
  const { resetMs } = decisions[4] ?? { resetMs: 0 };
  expect(resetMs).toBe(100);
  await vi.waitFor(async () => expect(await redis.exists(`parley:{rl}:fast:${key}`)).toBe(0), 60_000);
  expect((await limiter.take(key, policy)).remaining).toBe(4);
});

test("what waits for a call under way goes together in the next", async () => {
  const { limiter, redis } = await limiterOn();
  const calls = vi.spyOn(redis, "evalsha");
  await limiter.take(key, slow);
  calls.mockClear();
  const first = limiter.take(key, slow);
  await Promise.resolve();
  const later = Array.from({ length: 700 }, (_, user) => limiter.take(`${key}:${user}`, slow));
  const decisions = await Promise.all([first, ...later]);
  expect(decisions.every(({ allowed }) => allowed)).toBe(true);
  expect(calls.mock.calls.map(([, keys]) => keys)).toEqual([1, 500, 200]);
});

test("survives a Redis that has forgotten the script", async () => {
  const { limiter, redis, onFallback } = await limiterOn();
  await limiter.take(key, slow);
  await redis.script("FLUSH");
  expect((await limiter.take(key, slow)).remaining).toBe(18);
  expect(onFallback).not.toHaveBeenCalled();
});

test("a clock of Redis that went back locks nobody out", async () => {
  const { limiter, redis } = await limiterOn();
  const policy = { name: "fast", perMinute: 6_000, burst: 2 };
  await redis.set(`parley:{rl}:fast:${key}`, String((Date.now() + 3_600_000) * 1000));
  const refused = await limiter.take(key, policy);
  expect(refused.retryAfterMs).toBeLessThanOrEqual(12);
  await sleep(refused.retryAfterMs);
  expect((await limiter.take(key, policy)).allowed).toBe(true);
});

test("without Redis the limit holds in this process, and the log says it once", async () => {
  const { limiter, onFallback } = await limiterOn(`redis://127.0.0.1:${await freePort()}`);
  const decisions = await Promise.all(Array.from({ length: 30 }, () => limiter.take(key, slow)));
  expect(decisions.filter(({ allowed }) => allowed)).toHaveLength(20);
  expect(decisions[29]).toMatchObject({ allowed: false, limit: 1, remaining: 0 });
  expect(onFallback).toHaveBeenCalledTimes(30);
});

test("a Redis that has stopped answering is asked once, and all who wait are served here", async () => {
  const { limiter, redis, log, onFallback } = await limiterOn(url, { patienceMs: 30, restMs: 60_000 });
  const never = new Promise<never>(() => undefined);
  const calls = vi.spyOn(redis, "evalsha").mockReturnValue(never);
  const first = limiter.take(key, slow);
  await Promise.resolve();
  const waiting = Array.from({ length: 30 }, () => limiter.take(key, slow));
  const decisions = await Promise.all([first, ...waiting]);
  expect(decisions.filter(({ allowed }) => allowed)).toHaveLength(20);
  expect((await limiter.take(key, slow)).allowed).toBe(false);
  expect(calls).toHaveBeenCalledTimes(1);
  expect(onFallback.mock.calls.reduce((sum, [decisions]) => sum + decisions, 0)).toBe(32);
  expect(log.warn).toHaveBeenCalledTimes(1);
});

test("goes back to Redis after a rest, and says so", async () => {
  const { limiter, redis, log, onFallback } = await limiterOn(url, { restMs: 1 });
  vi.spyOn(redis, "evalsha").mockRejectedValueOnce(new Error("READONLY"));
  expect((await limiter.take(key, slow)).remaining).toBe(19);
  await vi.waitFor(async () => {
    await limiter.take(key, slow);
    expect(log.info).toHaveBeenCalledTimes(1);
  }, 60_000);
  expect(await redis.exists(`parley:{rl}:slow:${key}`)).toBe(1);
  expect(onFallback.mock.calls.length).toBeGreaterThan(0);
});

test("a black hole in the network: every take is answered by this process", async () => {
  const { redis, freeze } = await throughGate();
  const onFallback = vi.fn();
  const log = { info: vi.fn(), warn: vi.fn(), error: vi.fn() };
  const limiter = createRateLimiter({ redis, log, onFallback, patienceMs: 50 });
  // A machine that is busy at this moment has it decide here already, and count on: so this is about somebody else.
  await vi.waitFor(async () => {
    onFallback.mockClear();
    await limiter.take(`${key}:before`, slow);
    expect(onFallback).not.toHaveBeenCalled();
  }, 60_000);
  freeze();
  const decisions = await Promise.all(Array.from({ length: 40 }, () => limiter.take(key, slow)));
  expect(decisions.filter(({ allowed }) => allowed)).toHaveLength(20);
  expect(onFallback).toHaveBeenCalled();
});

/** A connection to a server that answers as Redis until it is frozen. */
async function throughGate(): Promise<{ redis: Redis; freeze: () => void }> {
  const { createConnection } = await import("node:net");
  let frozen = false;
  const { hostname, port: redisPort } = new URL(url);
  const server = createServer((socket) => {
    const upstream = createConnection(Number(redisPort), hostname);
    socket.on("data", (data) => void (!frozen && upstream.write(data)));
    upstream.on("data", (data) => socket.write(data));
    socket.on("error", () => undefined).on("close", () => upstream.destroy());
    upstream.on("error", () => undefined).on("close", () => socket.destroy());
  });
  closing.push(() => void server.close());
  const port = await freePort();
  await new Promise<void>((resolve) => void server.listen(port, "127.0.0.1", resolve));
  const log = { info: vi.fn(), warn: vi.fn(), error: vi.fn() };
  const redis = connectRedis({ url: `redis://127.0.0.1:${port}`, role: "cache", log });
  closing.push(() => redis.disconnect());
  await whenReady(redis, 60_000);
  return {
    redis,
    freeze: () => {
      frozen = true;
    },
  };
}
