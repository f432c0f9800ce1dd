import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { Log } from "../logger.js";
import { connectRedis, type Redis, whenReady } from "../redis.js";
import { createRoomPresence, type RoomPresence } from "./room-presence.js";

interface Node {
  redis: Redis;
  rooms: RoomPresence;
  /** What this node told, as `user in room` or `user out of room`. */
  told: string[];
}

const HOUR = 3_600_000;
const log: Log = { info: () => {}, warn: () => {}, error: () => {} };
const url = process.env.PARLEY_TEST_REDIS_URL ?? "";
const nodes: Node[] = [];
let admin: Redis;
let prefix: string;

beforeAll(async () => {
  if (url === "") throw new Error("These tests need PARLEY_TEST_REDIS_URL; `npm test` sets it.");
  admin = connectRedis({ url, role: "queue-worker", log });
  await whenReady(admin, 60_000);
});
beforeEach(() => {
  prefix = `test:{rooms-${randomUUID()}}`;
});
afterEach(async () => {
  await Promise.all(nodes.map(({ rooms }) => rooms.stop()));
  for (const { redis } of nodes.splice(0)) redis.disconnect();
  await deleteKeys();
});
afterAll(() => admin.disconnect());

async function openNode({ offlineDelayMs = 0 } = {}): Promise<Node> {
  const redis = connectRedis({ url, role: "cache", log });
  const told: string[] = [];
  const rooms = createRoomPresence({
    redis,
    node: `node-${nodes.length}`,
    log,
    prefix,
    leaseMs: 3_000,
    offlineDelayMs,
    onChange: ({ room, userId, isHere }) => void told.push(`${userId} ${isHere ? "in" : "out of"} ${room}`),
  });
  const node = { redis, rooms, told };
  nodes.push(node);
  await whenReady(redis, 60_000);
  rooms.start();
  return node;
}

const until = (expectation: () => unknown) => vi.waitFor(expectation, { timeout: 60_000, interval: 10 });

const keys = () => admin.keys(`${prefix.replaceAll(/[{}[\]*?]/g, "?")}*`);

async function deleteKeys(): Promise<void> {
  const found = await keys();
  if (found.length > 0) await admin.del(...found);
}

/** Resolves when a node has told everything that came before. */
async function settled({ rooms, told }: Node): Promise<void> {
  const marker = { room: "marker", userId: `marker-${randomUUID()}` };
  rooms.entered(marker, "tab");
  await until(() => expect(told).toContain(`${marker.userId} in marker`));
  rooms.left(marker, "tab");
  await until(() => expect(told).toContain(`${marker.userId} out of marker`));
}

const toldBy = (...some: Node[]) =>
  some.flatMap(({ told }) => told).filter((line) => !line.startsWith("marker"));
const ada = { room: "red", userId: "ada" };
const bob = { room: "red", userId: "bob with a space" };

describe("rooms of a cluster", () => {
  test("somebody is in a room while any of their connections to any node is, and each change is told once", async () => {
    const [one, two] = [await openNode(), await openNode()];
    one.rooms.entered(ada, "phone");
    await until(() => expect(toldBy(one, two)).toEqual(["ada in red"]));
    one.rooms.entered(ada, "tab");
    two.rooms.entered(ada, "laptop");
    await Promise.all([settled(one), settled(two)]);
    one.rooms.left(ada, "phone");
    one.rooms.left(ada, "tab");
    await settled(one);
    expect(toldBy(one, two)).toEqual(["ada in red"]);
    expect(await one.rooms.count(["red"])).toEqual([1]);
    two.rooms.left(ada, "laptop");
    await until(() => expect(toldBy(two)).toEqual(["ada out of red"]));
    expect(await one.rooms.count(["red"])).toEqual([0]);
  });

  test("rooms are counted apart, people once, the same on every node", async () => {
    const [one, two] = [await openNode(), await openNode()];
    one.rooms.entered(ada, "phone");
    two.rooms.entered(ada, "laptop");
    two.rooms.entered(bob, "tab");
    two.rooms.entered({ ...ada, room: "blue" }, "laptop");
    await until(() =>
      expect(toldBy(one, two).toSorted()).toEqual(["ada in blue", "ada in red", "bob with a space in red"]),
    );
    for (const { rooms } of [one, two])
      expect(await rooms.count(["red", "blue", "green"])).toEqual([2, 1, 0]);
    const many = Array.from({ length: 450 }, (_, number) => `room-${number}`);
    expect(await one.rooms.count([...many, "red"])).toEqual([...many.map(() => 0), 2]);
  });

  test("of many it can be asked who is there, on whichever node, and without Redis who is on this one", async () => {
    const [one, two] = [await openNode(), await openNode()];
    one.rooms.entered(ada, "phone");
    two.rooms.entered(bob, "tab");
    two.rooms.entered({ room: "blue", userId: "eve" }, "tab");
    await until(() => expect(toldBy(one, two)).toHaveLength(3));
    const many = Array.from({ length: 450 }, (_, number) => `user-${number}`);
    const asked = ["eve", "ada", ...many, bob.userId];
    for (const { rooms } of [one, two])
      expect(await rooms.present("red", asked)).toEqual(new Set(["ada", bob.userId]));
    one.redis.disconnect();
    await until(() => expect(one.redis.status).toBe("end"));
    expect(await one.rooms.present("red", asked)).toEqual(new Set(["ada"]));
  });

  test("a reload is no news", async () => {
    const one = await openNode({ offlineDelayMs: HOUR });
    const two = await openNode();
    one.rooms.entered(ada, "before");
    await until(() => expect(toldBy(one)).toEqual(["ada in red"]));
    one.rooms.left(ada, "before");
    two.rooms.entered(ada, "after");
    await settled(two);
    expect(toldBy(one, two)).toEqual(["ada in red"]);
    expect(await two.rooms.count(["red"])).toEqual([1]);
  });

  test("who stops withdraws its visitors, and leaves no count behind", async () => {
    const [one, two] = [await openNode({ offlineDelayMs: HOUR }), await openNode()];
    one.rooms.entered(ada, "phone");
    one.rooms.entered(bob, "tab");
    two.rooms.entered(bob, "tab");
    await Promise.all([settled(two), until(() => expect(toldBy(one)).toContain("ada in red"))]);
    await one.rooms.stop();
    expect(toldBy(one)).toContain("ada out of red");
    expect(toldBy(one, two)).not.toContain("bob with a space out of red");
    expect(await two.rooms.count(["red"])).toEqual([1]);
  });
});

describe("nodes that crash", () => {
  test("their visitors leave when the lease runs out, each told once, and the counts are right", async () => {
    const [lost, one, two] = [await openNode(), await openNode(), await openNode()];
    const visitors = Array.from({ length: 450 }, (_, number) => ({
      room: number % 2 ? "red" : "blue",
      userId: `user-${number}`,
    }));
    for (const visitor of visitors) lost.rooms.entered(visitor, "tab");
    lost.rooms.entered(ada, "phone");
    one.rooms.entered(ada, "laptop");
    await until(() => expect(new Set(toldBy(lost, one)).size).toBe(visitors.length + 1));
    expect(await two.rooms.count(["red", "blue"])).toEqual([226, 225]);
    lost.redis.disconnect();
    await until(async () => expect(await two.rooms.count(["red", "blue"])).toEqual([1, 0]));
    await Promise.all([settled(one), settled(two)]);
    const ends = toldBy(one, two).filter((line) => line.includes("out of"));
    expect(ends.toSorted()).toEqual(
      visitors.map(({ room, userId }) => `${userId} out of ${room}`).toSorted(),
    );
  });

  test("a visitor whom Redis had forgotten is counted no more", async () => {
    const [lost, one] = [await openNode(), await openNode()];
    lost.rooms.entered(ada, "phone");
    one.rooms.entered(bob, "tab");
    await until(() => expect(toldBy(lost, one)).toHaveLength(2));
    expect(await one.rooms.count(["red"])).toEqual([2]);
    lost.redis.disconnect();
    await admin.del(`${prefix}:user:red ada`);
    await until(async () => expect(await one.rooms.count(["red"])).toEqual([1]));
  });
});

describe("a Redis that fails", () => {
  test("while it is away a node counts its own, tells nothing, and everything is right afterwards", async () => {
    const [one, two] = [await openNode(), await openNode()];
    one.rooms.entered(ada, "phone");
    two.rooms.entered(bob, "tab");
    await until(() => expect(toldBy(one, two)).toHaveLength(2));
    expect(await one.rooms.count(["red"])).toEqual([2]);
    one.redis.disconnect();
    await until(() => expect(one.redis.status).toBe("end"));
    one.rooms.entered({ room: "red", userId: "eve" }, "tab");
    one.rooms.left(ada, "phone");
    expect(await one.rooms.count(["red", "blue"])).toEqual([1, 0]);
    expect(toldBy(one)).toEqual(["ada in red"]);
    await one.redis.connect();
    await until(() => expect(toldBy(one).toSorted()).toEqual(["ada in red", "ada out of red", "eve in red"]));
    for (const { rooms } of [one, two]) expect(await rooms.count(["red"])).toEqual([2]);
  });

  test("when it was emptied it is filled again, and nobody is told twice", async () => {
    const [one, two] = [await openNode(), await openNode()];
    one.rooms.entered(ada, "phone");
    await settled(one);
    const found = await keys();
    const visitors = `${prefix}:group:red`;
    expect(found).toContain(visitors);
    // In one go: its node fills it again as soon as it renews its lease.
    expect(
      (
        await admin
          .multi()
          .del(...found)
          .scard(visitors)
          .exec()
      )?.[1],
    ).toEqual([null, 0]);
    await until(async () => expect(await two.rooms.count(["red"])).toEqual([1]));
    await settled(one);
    expect(toldBy(one, two)).toEqual(["ada in red"]);
  });

  test("what stands in it does not stay for ever", async () => {
    const one = await openNode();
    one.rooms.entered(ada, "phone");
    await settled(one);
    for (const key of ["group:red", "user:red ada"]) {
      const seconds = await admin.ttl(`${prefix}:${key}`);
      expect(seconds).toBeGreaterThan(0);
      expect(seconds).toBeLessThanOrEqual(3_600);
    }
  });
});
