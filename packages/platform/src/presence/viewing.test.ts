import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connectRedis, type Redis, whenReady } from "../redis.js";
import { Viewing } from "./viewing.js";
import { createViewingReader } from "./viewing-reader.js";
import { VIEWING_SCRIPTS } from "./viewing-scripts.js";

const prefix = `test:{viewing-${randomUUID()}}`;
const log = { info: () => {}, warn: () => {}, error: () => {} };
let redis: Redis;

beforeAll(async () => {
  const url = process.env.PARLEY_TEST_REDIS_URL;
  if (url === undefined) throw new Error("These tests need PARLEY_TEST_REDIS_URL; `npm test` sets it.");
  redis = connectRedis({ url, role: "queue-worker", log });
  await whenReady(redis, 60_000);
});
afterAll(async () => {
  redis.disconnect();
});

const ada = { userId: "ada", place: "chat" };
const ben = { userId: "ben", place: "chat" };

async function until(look: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 20_000; tries++) if (await look()) return;
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

/** The same connection with another status, and with answers to heartbeats that wait until the gate is open. */
function restrained(gate: Promise<void> = Promise.resolve()) {
  const state: { status: string | undefined } = { status: undefined };
  const { sha, text } = VIEWING_SCRIPTS.beat;
  const connection = new Proxy(redis, {
    get: (target, name) => {
      if (name === "status") return state.status ?? target.status;
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      return async (...args: unknown[]) => {
        const answer: unknown = await value.apply(target, args);
        if (args[0] === sha || args[0] === text) await gate;
        return answer;
      };
    },
  });
  return { connection, state };
}

const other = { userId: "ada", place: "other" };

test("what changed while the connection was away for a moment is told when it is back", async () => {
  const { connection, state } = restrained();
  const viewing = new Viewing({ redis: connection, node: "four", prefix, leaseMs: 300 });
  const read = createViewingReader({ redis, prefix, leaseMs: 300 });
  viewing.start();
  viewing.opened(ada);
  await until(async () => (await read([ada]))[0] !== null);
  state.status = "reconnecting";
  viewing.closed(ada);
  viewing.opened(other);
  state.status = undefined;
  await until(async () => (await read([other]))[0] !== null);
  expect(await read([ada])).toEqual([null]);
  await viewing.stop();
});

test("and also when it was away while the node was vouching for its users", async () => {
  let open: () => void = () => {};
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const { connection, state } = restrained(gate);
  const viewing = new Viewing({ redis: connection, node: "five", prefix, leaseMs: 300_000 });
  const read = createViewingReader({ redis, prefix, leaseMs: 300_000 });
  viewing.opened(ada);
  viewing.start();
  await until(async () => (await read([ada]))[0] !== null);
  state.status = "reconnecting";
  viewing.closed(ada);
  viewing.opened(other);
  state.status = undefined;
  open();
  viewing.start();
  await until(async () => (await read([other]))[0] !== null);
  expect(await read([ada])).toEqual([null]);
  await viewing.stop();
});
