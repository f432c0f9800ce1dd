import { randomUUID } from "node:crypto";
import { connect, createServer, type Socket } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { freePort } from "../local/free-port.js";
import type { Log } from "../logger.js";
import { connectRedis, type Redis, whenReady } from "../redis.js";
import { createPresence, type Presence, type PresenceState } from "./presence.js";

interface Node {
  redis: Redis;
  presence: Presence;
  /** What this node told, as `user status`. */
  told: string[];
  states: PresenceState[];
}

const HOUR = 3_600_000;
const redisUrl = process.env.PARLEY_TEST_REDIS_URL ?? "";
const log: Log = { info: () => {}, warn: () => {}, error: () => {} };
const nodes: Node[] = [];
const proxies: { close(): unknown; cut(): void }[] = [];
let admin: Redis;
let prefix: string;

beforeAll(async () => {
  if (redisUrl === "") throw new Error("These tests need PARLEY_TEST_REDIS_URL; `npm test` sets it.");
  admin = connectRedis({ url: redisUrl, role: "queue-worker", log });
  await whenReady(admin, 60_000);
});
beforeEach(() => {
  prefix = `test:{presence-${randomUUID()}}`;
});
afterEach(async () => {
  await Promise.all(nodes.map(({ presence }) => presence.stop()));
  for (const { redis } of nodes.splice(0)) redis.disconnect();
  for (const proxy of proxies.splice(0)) {
    proxy.close();
    proxy.cut();
  }
  await deleteKeys();
});
afterAll(() => admin.disconnect());

interface NodeOptions {
  leaseMs?: number;
  offlineDelayMs?: number;
  url?: string;
  onChange?: (state: PresenceState) => void;
}

async function openNode(options: NodeOptions = {}): Promise<Node> {
  const { url = redisUrl, onChange = () => {}, leaseMs = 3_000, offlineDelayMs = 0 } = options;
  const redis = connectRedis({ url, role: "cache", log });
  const states: PresenceState[] = [];
  const told: string[] = [];
  const tell = (state: PresenceState) => {
    states.push(state);
    told.push(`${state.userId} ${state.status}`);
    onChange(state);
  };
  const name = `node-${nodes.length}`;
  const presence = createPresence({
    redis,
    node: name,
    log,
    onChange: tell,
    leaseMs,
    offlineDelayMs,
    prefix,
  });
  const node = { redis, presence, told, states };
  nodes.push(node);
  presence.start();
  if (url === redisUrl) {
    await whenReady(redis, 60_000);
    await until(async () => expect(await leaseOf(nodes.indexOf(node))).toBeDefined());
  }
  return node;
}

/** Polls until the expectation holds. */
function until(expectation: () => unknown): Promise<unknown> {
  return vi.waitFor(expectation, { timeout: 60_000, interval: 10 });
}

async function leaseOf(place: number): Promise<string | undefined> {
  return (await admin.zrange(`${prefix}:nodes`, 0, "-1")).find((lease) => lease.startsWith(`node-${place}/`));
}

/** What happens to nodes that don't renew, only sooner. */
async function expireLeases(): Promise<void> {
  for (const lease of await admin.zrange(`${prefix}:nodes`, 0, "-1"))
    await admin.zadd(`${prefix}:nodes`, 1, lease);
}

async function keys(): Promise<string[]> {
  return await admin.keys(`${prefix.replaceAll(/[{}[\]*?]/g, "?")}*`);
}

async function deleteKeys(): Promise<void> {
  const found = await keys();
  if (found.length > 0) await admin.del(...found);
}

async function statusAt(node: Node, userId: string): Promise<string | undefined> {
  return (await node.presence.read([userId]))[0]?.status;
}

/** Resolves when a node has done everything that it did before: what a marker user does comes after it. */
async function settled(node: Node): Promise<void> {
  const marker = { id: randomUUID(), userId: `marker-${randomUUID()}` };
  node.presence.connected(marker);
  await until(() => expect(node.told).toContain(`${marker.userId} online`));
  node.presence.disconnected(marker);
  await until(() => expect(node.told).toContain(`${marker.userId} offline`));
}

/** Has a node renew its lease, and look whose has run out, as it does when it finds that it has lost its own. */
async function renewed(node: Node): Promise<void> {
  const place = nodes.indexOf(node);
  await admin.zadd(`${prefix}:nodes`, 1, String(await leaseOf(place)));
  await settled(node);
}

function toldBy(...some: Node[]): string[] {
  return some.flatMap(({ told }) => told).filter((line) => !line.startsWith("marker"));
}

const phone = { id: "phone", userId: "ada" };
const laptop = { id: "laptop", userId: "ada" };

describe("a cluster with its Redis", () => {
  test("a user is online while any device on any node is, and each change is told once", async () => {
    const [one, two] = [await openNode(), await openNode()];
    one.presence.connected(phone);
    expect(await statusAt(one, "ada")).toBe("online");
    await until(() => expect(toldBy(one, two)).toEqual(["ada online"]));
    two.presence.connected(laptop);
    await settled(two);
    one.presence.disconnected(phone);
    await settled(one);
    expect(await statusAt(one, "ada")).toBe("online");
    expect(toldBy(one, two)).toEqual(["ada online"]);
    two.presence.disconnected(laptop);
    await until(() => expect(two.told).toContain("ada offline"));
    await settled(one);
    expect(toldBy(one)).toEqual(["ada online"]);
    expect(toldBy(two)).toEqual(["ada offline"]);
  });

  test("away is what all devices agree on", async () => {
    const [one, two] = [await openNode(), await openNode()];
    one.presence.connected(phone);
    await settled(one);
    two.presence.connected(laptop);
    await settled(two);
    one.presence.setStatus(phone, "away");
    await settled(one);
    expect(toldBy(one, two)).toEqual(["ada online"]);
    two.presence.setStatus(laptop, "away");
    await until(() => expect(two.told).toContain("ada away"));
    one.presence.setStatus(phone, "online");
    await until(() => expect(toldBy(one)).toEqual(["ada online", "ada online"]));
    one.presence.disconnected(phone);
    await until(() => expect(toldBy(one)).toEqual(["ada online", "ada online", "ada away"]));
    expect(await statusAt(one, "ada")).toBe("away");
    two.presence.disconnected(laptop);
    await until(() => expect(toldBy(two)).toEqual(["ada away", "ada offline"]));
  });

  test("two devices on one node count like two nodes", async () => {
    const one = await openNode();
    one.presence.connected(phone);
    one.presence.connected(laptop);
    one.presence.setStatus(phone, "away");
    await settled(one);
    one.presence.disconnected(laptop);
    await until(() => expect(toldBy(one)).toEqual(["ada online", "ada away"]));
    one.presence.disconnected(phone);
    await until(() => expect(toldBy(one)).toEqual(["ada online", "ada away", "ada offline"]));
  });

  test("a reload is not told, an absence is", async () => {
    const [one, two] = [await openNode({ offlineDelayMs: HOUR }), await openNode({ offlineDelayMs: 20 })];
    one.presence.connected(phone);
    await until(() => expect(one.told).toEqual(["ada online"]));
    one.presence.disconnected(phone);
    await settled(two);
    expect(await statusAt(two, "ada")).toBe("online");
    two.presence.connected(laptop);
    await settled(two);
    await one.presence.stop();
    expect(toldBy(one, two)).toEqual(["ada online"]);
    two.presence.disconnected(laptop);
    await until(() => expect(toldBy(two)).toEqual(["ada offline"]));
  });

  test("a stop withdraws the node's users, those who were just leaving too, and leaves nothing behind", async () => {
    const [one, two] = [await openNode({ offlineDelayMs: HOUR }), await openNode()];
    one.presence.connected(phone);
    one.presence.connected({ id: "tab", userId: "bob" });
    one.presence.connected({ id: "tablet", userId: "eve" });
    two.presence.connected({ id: "desk", userId: "eve" });
    await until(async () => expect(await statusAt(two, "bob")).toBe("online"));
    one.presence.disconnected(phone);
    await one.presence.stop();
    expect(toldBy(one)).toEqual(expect.arrayContaining(["ada offline", "bob offline"]));
    expect(toldBy(one, two)).not.toContain("eve offline");
    expect(await leaseOf(0)).toBeUndefined();
    expect(await leaseOf(1)).toBeDefined();
    expect((await keys()).filter((key) => key.includes("node-0"))).toEqual([]);
    one.presence.connected(phone);
    await settled(two);
    expect(await two.presence.read(["ada", "bob", "eve"])).toMatchObject([
      { status: "offline" },
      { status: "offline" },
      { status: "online" },
    ]);
  });

  test("last seen is null for a stranger, and the end of the last connection for who is offline", async () => {
    const [one, two] = [await openNode({ offlineDelayMs: HOUR }), await openNode()];
    const stranger = { userId: "nobody", status: "offline", lastSeen: null };
    expect(await one.presence.read(["nobody"])).toEqual([stranger]);
    one.presence.connected(phone);
    await until(() => expect(one.told).toContain("ada online"));
    const [online] = await two.presence.read(["ada"]);
    one.presence.disconnected(phone);
    const now = performance.now.bind(performance);
    const clock = vi.spyOn(performance, "now").mockImplementation(() => now() + HOUR);
    await one.presence.stop();
    clock.mockRestore();
    const [offline] = await two.presence.read(["ada"]);
    expect(one.states.at(-1)).toEqual(offline);
    const hoursAgo = (Date.parse(online?.lastSeen ?? "") - Date.parse(offline?.lastSeen ?? "")) / HOUR;
    expect(hoursAgo).toBeCloseTo(1, 1);
  });

  test("keys stay short and go away by themselves", async () => {
    const one = await openNode();
    const userId = "🦜".repeat(500);
    one.presence.connected({ id: "tab", userId });
    await until(async () => expect(await statusAt(one, userId)).toBe("online"));
    await until(() => expect(one.told).toContain(`${userId} online`));
    const user = (await keys()).find((key) => key.startsWith(`${prefix}:user:`)) ?? "";
    expect(user.length).toBeLessThan(200);
    expect(await admin.ttl(user)).toBeGreaterThan(29 * 24 * 3600);
  });

  test("a listener that throws does not keep the others' news", async () => {
    const one = await openNode({
      onChange: ({ userId }) => {
        if (userId === "ada") throw new Error("no");
      },
    });
    one.presence.connected(phone);
    one.presence.connected({ id: "tab", userId: "bob" });
    await until(() => expect(one.told).toEqual(["ada online", "bob online"]));
  });
});

describe("nodes that crash", () => {
  test("one of the survivors tells each user's end, and none tells of who is elsewhere too", async () => {
    const [lost, one, two] = [await openNode(), await openNode(), await openNode()];
    const users = Array.from({ length: 450 }, (_, number) => `user-${number}`);
    for (const userId of users) lost.presence.connected({ id: userId, userId });
    lost.presence.connected(phone);
    one.presence.connected(laptop);
    await Promise.all([settled(lost), settled(one)]);
    expect(new Set(toldBy(lost, one)).size).toBe(users.length + 1);
    lost.redis.disconnect();
    await until(() => expect(toldBy(one, two).length).toBeGreaterThanOrEqual(users.length));
    await until(async () => expect(await leaseOf(0)).toBeUndefined());
    // Both survivors have renewed since, which is when they sweep.
    const leases = [await leaseOf(1), await leaseOf(2)].map(String);
    const due = () => Promise.all(leases.map((lease) => admin.zscore(`${prefix}:nodes`, lease)));
    for (let renewals = 0; renewals < 2; renewals++) {
      const before = await due();
      await until(async () => (await due()).map((at, place) => expect(at).not.toBe(before[place])));
    }
    const ends = toldBy(one, two).filter((line) => line.endsWith("offline"));
    expect(ends.toSorted()).toEqual(users.map((userId) => `${userId} offline`).toSorted());
    expect(await statusAt(two, "ada")).toBe("online");
  });

  test("a node that was only cut off registers its users again, and tells it", async () => {
    const [one, two] = [await openNode(), await openNode()];
    two.presence.connected(phone);
    await until(() => expect(two.told).toEqual(["ada online"]));
    two.redis.disconnect();
    await until(() => expect(two.redis.status).toBe("end"));
    await expireLeases();
    await until(() => expect(one.told).toEqual(["ada offline"]));
    await two.redis.connect();
    await until(() => expect(two.told).toEqual(["ada online", "ada online"]));
    expect(await statusAt(one, "ada")).toBe("online");
  });

  test("a node that was only late registers its users again with the next thing that it writes", async () => {
    const [one, late] = [await openNode(), await openNode({ leaseMs: HOUR })];
    late.presence.connected(phone);
    await until(() => expect(late.told).toEqual(["ada online"]));
    await expireLeases();
    await until(() => expect(one.told).toEqual(["ada offline"]));
    await settled(late);
    await until(() => expect(toldBy(late)).toEqual(["ada online", "ada online"]));
  });

  test("who is back first after an outage leaves the others the time to come back", async () => {
    // They renew nothing by the clock: what is looked at here takes as long as it takes.
    const [slow, one] = [await openNode({ leaseMs: HOUR }), await openNode({ leaseMs: HOUR })];
    slow.presence.connected(phone);
    await until(() => expect(slow.told).toEqual(["ada online"]));
    const outage = async () => {
      slow.redis.disconnect();
      one.redis.disconnect();
      await until(() => expect(slow.redis.status + one.redis.status).toBe("endend"));
      await expireLeases();
      await one.redis.connect();
      await settled(one);
    };
    const now = performance.now.bind(performance);
    await outage();
    await renewed(one);
    await slow.redis.connect();
    await settled(slow);
    expect(toldBy(slow, one)).toEqual(["ada online"]);
    await outage();
    const clock = vi.spyOn(performance, "now").mockImplementation(() => now() + HOUR);
    await renewed(one);
    await until(() => expect(toldBy(one)).toEqual(["ada offline"]));
    clock.mockRestore();
  });
});

describe("a Redis that fails", () => {
  test("an emptied Redis is filled again, and only what changed meanwhile is told", async () => {
    const [one, two] = [await openNode(), await openNode()];
    one.presence.connected(phone);
    one.presence.connected({ id: "tab", userId: "bob" });
    await until(() => expect(one.told).toEqual(["ada online", "bob online"]));
    one.redis.disconnect();
    one.presence.setStatus({ id: "tab", userId: "bob" }, "away");
    await deleteKeys();
    expect(await two.presence.read(["ada"])).toEqual([{ userId: "ada", status: "offline", lastSeen: null }]);
    await one.redis.connect();
    await until(() => expect(one.told).toEqual(["ada online", "bob online", "bob away"]));
    await deleteKeys();
    await until(async () => expect(await statusAt(two, "ada")).toBe("online"));
    await until(async () => expect(await statusAt(two, "bob")).toBe("away"));
    await settled(one);
    expect(toldBy(one, two)).toEqual(["ada online", "bob online", "bob away"]);
  });

  test("a Redis that came back with old data forgets whom nobody has any more", async () => {
    const [one, two] = [await openNode(), await openNode()];
    one.redis.disconnect();
    const lease = String(await leaseOf(0));
    await admin.hset(`${prefix}:user:ghost`, { status: "online", [`at:${lease}`]: "online" });
    await admin.sadd(`${prefix}:node:${lease}`, "ghost");
    expect(await statusAt(two, "ghost")).toBe("online");
    await one.redis.connect();
    await until(() => expect(one.told).toEqual(["ghost offline"]));
    expect(await statusAt(two, "ghost")).toBe("offline");
  });

  test("without Redis a node answers what it knows, and tells it once Redis is there", async () => {
    const proxy = await openProxy();
    proxy.close();
    const one = await openNode({ url: proxy.url });
    one.presence.connected(phone);
    one.presence.connected({ id: "tab", userId: "bob" });
    one.presence.setStatus({ id: "tab", userId: "bob" }, "away");
    expect(await one.presence.read(["bob", "ada", "eve"])).toMatchObject([
      { userId: "bob", status: "away", lastSeen: expect.any(String) },
      { userId: "ada", status: "online", lastSeen: expect.any(String) },
      { userId: "eve", status: "offline", lastSeen: null },
    ]);
    expect(one.told).toEqual([]);
    proxy.reopen();
    await until(() => expect(one.told.toSorted()).toEqual(["ada online", "bob away"]));
  });

  test("while Redis hangs a node answers what it knows, and nothing that changed is left untold", async () => {
    const proxy = await openProxy();
    const [one, two] = [await openNode({ url: proxy.url }), await openNode()];
    one.presence.connected(phone);
    await until(() => expect(one.told).toEqual(["ada online"]));
    proxy.hold();
    one.presence.setStatus(phone, "away");
    one.presence.connected({ id: "tab", userId: "bob" });
    expect(await one.presence.read(["ada", "bob"])).toMatchObject([{ status: "away" }, { status: "online" }]);
    expect(one.told).toEqual(["ada online"]);
    proxy.release();
    await until(() => expect(new Set(one.told)).toEqual(new Set(["ada online", "ada away", "bob online"])));
    expect(await two.presence.read(["ada", "bob"])).toMatchObject([{ status: "away" }, { status: "online" }]);
  });

  test("a change whose answer was lost is told", async () => {
    const proxy = await openProxy();
    const [one, two] = [await openNode({ url: proxy.url }), await openNode()];
    await settled(one);
    proxy.mute();
    one.presence.connected(phone);
    await until(async () => expect(await statusAt(two, "ada")).toBe("online"));
    expect(toldBy(one)).toEqual([]);
    proxy.cut();
    await until(() => expect(toldBy(one)).toEqual(["ada online"]));
  });
});

/** A way to Redis that can fail. */
async function openProxy() {
  const { port: redisPort, hostname } = new URL(redisUrl);
  const pairs = new Map<Socket, Socket>();
  const server = createServer((client) => {
    const upstream = connect(Number(redisPort), hostname);
    pairs.set(client, upstream);
    client.on("error", () => {}).on("close", () => upstream.destroy() && pairs.delete(client));
    upstream.on("error", () => {}).on("close", () => client.destroy());
    client.pipe(upstream).pipe(client);
  });
  // One of those that no connection on its way out takes while nobody listens.
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const url = redisUrl.replace(`${hostname}:${redisPort}`, `127.0.0.1:${port}`);
  const proxy = {
    url,
    /** Nothing gets through for now. */
    hold: () => pairs.forEach((upstream, client) => void client.unpipe(upstream).pause()),
    release: () => pairs.forEach((upstream, client) => void client.pipe(upstream)),
    /** Commands arrive, answers don't. */
    mute: () => pairs.forEach((upstream, client) => void upstream.unpipe(client).resume()),
    /** Breaks the connections; new ones work, unless it is closed. */
    cut: () => pairs.forEach((_, client) => void client.destroy()),
    close: () => server.close(),
    reopen: () => server.listen(port, "127.0.0.1"),
  };
  proxies.push(proxy);
  return proxy;
}
