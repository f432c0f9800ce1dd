import { expect, test } from "vitest";
import { readRedisUrl, redisUrlSchema } from "./redis-address.js";

test("one server, with what else its URL says", () => {
  expect(readRedisUrl("redis://redis")).toEqual({ host: "redis", port: 6379 });
  expect(readRedisUrl("redis://:p%40ss@10.0.0.1:6380/2")).toEqual({
    host: "10.0.0.1",
    port: 6380,
    password: "p@ss",
    db: 2,
  });
  expect(readRedisUrl("rediss://ann:secret@[::1]:6380")).toEqual({
    host: "::1",
    port: 6380,
    username: "ann",
    password: "secret",
    tls: {},
  });
});

test("the master that sentinels name", () => {
  expect(readRedisUrl("redis+sentinel://s1,s2:26380,[fd00::3]:26381/parley")).toEqual({
    name: "parley",
    sentinels: [
      { host: "s1", port: 26_379 },
      { host: "s2", port: 26_380 },
      { host: "fd00::3", port: 26_381 },
    ],
  });
  expect(readRedisUrl("rediss+sentinel://ann:p%40ss@s1/parley/3?sentinel_password=q%26")).toEqual({
    name: "parley",
    sentinels: [{ host: "s1", port: 26_379 }],
    username: "ann",
    password: "p@ss",
    db: 3,
    sentinelPassword: "q&",
    tls: {},
    enableTLSForSentinelMode: true,
  });
});

test("a cluster, by some of its servers", () => {
  expect(readRedisUrl("redis+cluster://r1")).toEqual({ seeds: [{ host: "r1", port: 6379 }] });
  expect(readRedisUrl("rediss+cluster://ann:p%40ss@r1,r2:7000,[fd00::3]:7001/")).toEqual({
    seeds: [
      { host: "r1", port: 6379 },
      { host: "r2", port: 7000 },
      { host: "fd00::3", port: 7001 },
    ],
    username: "ann",
    password: "p@ss",
    tls: {},
  });
});

test.each([
  "",
  "redis",
  "http://redis",
  "redis://",
  "redis://redis/parley",
  "redis+sentinel://s1",
  "redis+sentinel://s1/",
  "redis+sentinel://s1,,s2/parley",
  "redis+sentinel://s1:port/parley",
  "redis+sentinel://s1/parley?db=1",
  "redis+cluster://",
  "redis+cluster://r1,,r2",
  "redis+cluster://r1:port",
  // A cluster has one database.
  "redis+cluster://r1/1",
])("%j is refused, and not repeated", (text) => {
  const { success, error } = redisUrlSchema.safeParse(text);
  expect(success).toBe(false);
  expect(error?.issues.map(({ message }) => message)).toEqual([
    "must be a redis://, rediss://, redis+sentinel:// or redis+cluster:// URL",
  ]);
});
