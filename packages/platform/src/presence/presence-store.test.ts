import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connectRedis, type Redis, whenReady } from "../redis.js";
import { PresenceStore } from "./presence-store.js";

const HOUR = 3_600_000;
const prefix = `test:{presence-store-${randomUUID()}}`;
let redis: Redis;

beforeAll(async () => {
  const url = process.env.PARLEY_TEST_REDIS_URL;
  if (url === undefined) throw new Error("These tests need PARLEY_TEST_REDIS_URL; `npm test` sets it.");
  redis = connectRedis({
    url,
    role: "queue-worker",
    log: { info: () => {}, warn: () => {}, error: () => {} },
  });
  await whenReady(redis, 60_000);
});
afterAll(async () => {
  await redis.del(`${prefix}:nodes`, `${prefix}:node:one`, `${prefix}:user:ada`);
  redis.disconnect();
});

test("only a lease that has run out can be taken, and each user once", async () => {
  const one = new PresenceStore({ redis, lease: "one", leaseMs: HOUR, prefix });
  const two = new PresenceStore({ redis, lease: "two", leaseMs: HOUR, prefix });
  const part = { userId: "ada", status: "online", leftMsAgo: 0 } as const;
  expect(await one.write([part])).toMatchObject({
    held: false,
    outcomes: [{ status: "online", before: null }],
  });
  expect(await two.withdraw("one", ["ada"])).toEqual({ done: true, outcomes: [] });
  expect(await one.renew()).toEqual({ held: true, expired: [] });

  await one.retire();
  expect((await two.renew()).expired).toEqual(["one"]);
  expect(await two.usersUnder("one")).toEqual(["ada"]);
  const taken = await two.withdraw("one", ["ada"]);
  expect(taken).toMatchObject({ done: true, outcomes: [{ status: "offline", before: "online" }] });
  expect(await two.withdraw("one", ["ada"])).toEqual({ done: true, outcomes: [] });
  expect(await two.renew()).toEqual({ held: true, expired: [] });
  expect(await one.renew()).toMatchObject({ held: false });
  one.close();
  two.close();
});
