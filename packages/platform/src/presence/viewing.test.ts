import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connectRedis, type Redis, whenReady } from "../redis.js";
import { Viewing } from "./viewing.js";
import { createViewingReader } from "./viewing-reader.js";

const prefix = `test:{viewing-${randomUUID()}}`;
const log = { info: () => {}, warn: () => {}, error: () => {} };
let redis: Redis;

beforeAll(async () => {
  const url = process.env.PARLEY_TEST_REDIS_URL;
  if (url === undefined) throw new Error("These tests need PARLEY_TEST_REDIS_URL; `npm test` sets it.");
  redis = connectRedis({ url, role: "queue-worker", log });
  await whenReady(redis, 20_000);
});
afterAll(async () => {
  redis.disconnect();
});

const ada = { userId: "ada", place: "chat" };
const ben = { userId: "ben", place: "chat" };

async function until(look: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 2_000; tries++) if (await look()) return;
  throw new Error("it never came true");
}

test("tells who looks at what until the last of their connections closes it", async () => {
  const viewing = new Viewing({ redis, node: "one", prefix });
  const read = createViewingReader({ redis, prefix });
  viewing.start();
  viewing.opened(ada);
  viewing.opened(ada);
  await until(async () => (await read([ada]))[0] !== null);
  expect(await read([ben, { userId: "ada", place: "other" }])).toEqual([null, null]);
  viewing.closed(ada);
  expect((await read([ada]))[0]).toBeGreaterThanOrEqual(0);
  viewing.closed(ada);
  await until(async () => (await read([ada]))[0] === null);
  await viewing.stop();
});

test("says everything again after Redis has forgotten it, and nothing any more once it stopped", async () => {
  const viewing = new Viewing({ redis, node: "two", prefix, leaseMs: 300 });
  const read = createViewingReader({ redis, prefix, leaseMs: 300 });
  viewing.start();
  viewing.opened(ada);
  viewing.opened(ben);
  await until(async () => !(await read([ada, ben])).includes(null));
  const keys = await redis.keys(`${prefix}:viewing*`);
  await redis.del(...keys);
  await until(async () => !(await read([ada, ben])).includes(null));
  await viewing.stop();
  expect(await read([ada, ben])).toEqual([null, null]);
  expect(await redis.keys(`${prefix}:viewing:two*`)).toEqual([]);
});

test("what a node said that vouches for it no more does not count", async () => {
  const viewing = new Viewing({ redis, node: "three", prefix, leaseMs: 300_000 });
  viewing.start();
  viewing.opened(ada);
  const read = createViewingReader({ redis, prefix, leaseMs: 300_000 });
  await until(async () => (await read([ada]))[0] !== null);
  // As if the node had died, and its time had run out.
  const [lease] = await redis.zrange(`${prefix}:viewing`, "0", "-1");
  await redis.zadd(`${prefix}:viewing`, 1, String(lease));
  expect(await read([ada])).toEqual([null]);
  await viewing.stop();
});
