import { afterEach, expect, it, vi } from "vitest";
import { DatabaseWatch } from "./database-watch.js";

/** Two nodes that share a Redis, each with its own way to Postgres. */
function openNodes() {
  const redis = { value: null as string | null, endsAt: 0, broken: false };
  const connection = {
    set: async (...[, value, , ms]: [string, string, "PX", number]) => {
      if (redis.broken) throw new Error("Redis is away");
      redis.value = value;
      redis.endsAt = Date.now() + ms;
    },
    get: async () => {
      if (redis.broken) throw new Error("Redis is away");
      return Date.now() < redis.endsAt ? redis.value : null;
    },
  };
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const openNode = () => {
    const node = { reaches: true, told: [] as boolean[] };
    const watch = new DatabaseWatch({
      ping: async () => {
        if (!node.reaches) throw new Error("Postgres is away");
      },
      redis: connection as never,
      key: "works",
      onAlone: (alone) => node.told.push(alone),
      log,
    });
    watch.start();
    return { node, watch };
  };
  return { redis, first: openNode(), second: openNode() };
}

afterEach(() => {
  vi.useRealTimers();
});

it("tells a node that it alone is cut off, and when it is back", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date", "performance"] });
  const { first, second } = openNodes();
  await vi.advanceTimersByTimeAsync(5_000);
  first.node.reaches = false;
  await vi.advanceTimersByTimeAsync(3_000);
  expect(first.node.told).toEqual([]);
  await vi.advanceTimersByTimeAsync(7_000);
  expect(first.node.told).toEqual([true]);
  first.node.reaches = true;
  await vi.advanceTimersByTimeAsync(2_000);
  expect(first.node.told).toEqual([true, false]);
  expect(second.node.told).toEqual([]);
  await Promise.all([first.watch.close(), second.watch.close()]);
});

it("leaves everyone where they are when Postgres is away for all, or when nobody knows how the others are", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date", "performance"] });
  const { redis, first, second } = openNodes();
  await vi.advanceTimersByTimeAsync(5_000);
  first.node.reaches = false;
  second.node.reaches = false;
  await vi.advanceTimersByTimeAsync(60_000);
  expect([...first.node.told, ...second.node.told]).toEqual([]);
  // Now one of them would be alone, but the word about it is not to be had.
  redis.broken = true;
  second.node.reaches = true;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(first.node.told).toEqual([]);
  redis.broken = false;
  await vi.advanceTimersByTimeAsync(10_000);
  expect(first.node.told).toEqual([true]);
  await Promise.all([first.watch.close(), second.watch.close()]);
});
