import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { type DataTaskShape, QUEUE_NAMES } from "@parley/contracts";
import { connectRedis, type Redis, whenReady } from "@parley/platform";
import { createVapidPair } from "@parley/platform/local";
import { afterAll, beforeAll, expect, it } from "vitest";
import { connectNative, type NativeClient } from "../native-client.js";
import type { PushService } from "../push-service/push-service.js";
import { startPushService } from "../push-service/start-push-service.js";
import { readRedis } from "../read-redis.js";
import { type RedisCluster, startRedisCluster } from "../redis-cluster.js";
import { restClient } from "../rest-client.js";
import { startTestCluster, type TestCluster } from "../test-cluster.js";
import { until } from "../until.js";
import { untilBusIs } from "../until-bus-is.js";

const ROOT = fileURLToPath(new URL("../../../..", import.meta.url));
const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined };

let servers: RedisCluster;
let service: PushService;
let cluster: TestCluster;
let redis: Redis;
/** Lines that each process had logged when all was well: one that begins may be too busy to hear Redis in time. */
const begun = new Map<string, number>();

beforeAll(async () => {
  [servers, service] = await Promise.all([startRedisCluster(ROOT), startPushService()]);
  const vapid = createVapidPair();
  const env = {
    LOG_LEVEL: "info",
    ERASURE_SETTLE_SECONDS: "1",
    PUSH_ALLOWED_HOSTS: service.host,
    VAPID_PUBLIC_KEY: vapid.publicKey,
    VAPID_PRIVATE_KEY: vapid.privateKey,
  };
  cluster = await startTestCluster(env, { redisUrl: servers.url });
  redis = connectRedis({ url: servers.url, role: "queue-worker", log: SILENT });
  await whenReady(redis, 60_000);
  for (const url of cluster.urls) await untilBusIs(url, true);
  for (const { name } of [...cluster.nodes, cluster.worker]) begun.set(name, logOf(name).length);
});

afterAll(async () => {
  redis?.disconnect();
  await cluster?.stop();
  await service?.stop();
  await servers?.stop();
});

const restOf = (userId: string) => restClient(cluster.urls[0], { userId });

const busKey = () => `${cluster.redisPrefix}#/chat#`;

async function openPair(from: string, to: string): Promise<string> {
  const body = { type: "direct", user_id: to };
  return (await restOf(from).request<{ id: string }>("POST", "/v1/chat", body)).body.id;
}

const contents = (client: NativeClient, chatId: string) =>
  client.messages(chatId).map(({ content }) => content);

/** What a process has logged so far. */
function logOf(name: string): Array<{ msg: string; role?: string }> {
  const file = path.join(cluster.services.dataDir, `${name}.log`);
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n");
  return lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
}

/** How often the connections of each role of a process told that Redis is away, and that it is back. */
function told(name: string): Record<string, { away: number; back: number }> {
  const said: Record<string, { away: number; back: number }> = {};
  for (const { msg, role = "" } of logOf(name).slice(begun.get(name))) {
    if (!msg.startsWith("Redis is ")) continue;
    said[role] ??= { away: 0, back: 0 };
    said[role][msg === "Redis is back" ? "back" : "away"]++;
  }
  return said;
}

/** Waits until every connection to the cluster has told of so many outages, and those to a queue's server of no more. */
async function untilTold(outages: number): Promise<void> {
  for (const { name } of [...cluster.nodes, cluster.worker]) {
    const isTold = () => {
      const { cache, publish, subscribe = cache, ...queues } = told(name);
      const isWhole = [cache, publish, subscribe].every((of) => of?.away === outages && of.back === outages);
      return isWhole && Object.values(queues).every(({ away, back }) => away === back);
    };
    await until(isTold, `${name} told of ${outages}`).catch((error) => {
      throw new Error(`${error.message}: ${JSON.stringify(told(name))}`);
    });
    const queues = told(name)["queue-producer"]?.away ?? 0;
    expect(queues).toBeLessThanOrEqual(outages * QUEUE_NAMES.length);
  }
}

/** Two people on two nodes who talk while something happens; each hears everything once, in one order. */
async function talkDuring(event: () => Promise<unknown>): Promise<void> {
  const [ann, ben] = [
    await connectNative(cluster.urls[0], { userId: "ann" }),
    await connectNative(cluster.urls[1], { userId: "ben" }),
  ];
  const chatId = await openPair("ann", "ben");
  const sent: string[] = [];
  let isOver = false;
  const talk = async (client: NativeClient) => {
    for (let at = 0; !isOver; at++) {
      const content = `${client.userId} ${at}`;
      const ack = await client.ask("send_message", { chatId, message: { content } });
      expect(ack).toMatchObject({ ok: true });
      sent.push(content);
    }
  };
  const talking = [talk(ann), talk(ben)];
  await until(() => sent.length > 50, "they talk");
  await event();
  const before = sent.length;
  await until(() => sent.length > before + 50, "they talk on");
  isOver = true;
  await Promise.all(talking);
  for (const client of [ann, ben])
    await until(() => client.messages(chatId).length >= sent.length, `${client.userId} hears everything`);
  expect(contents(ann, chatId).toSorted()).toEqual(sent.toSorted());
  expect(contents(ben, chatId)).toEqual(contents(ann, chatId));
  for (const client of [ann, ben]) client.close();
}

it("messages cross from node to node by the bus, presence too, and a push is sent and told of", async () => {
  const browser = service.newSubscription();
  const { endpoint, keys } = browser;
  await restOf("dan").request("POST", "/v1/notifications/subscribe", { endpoint, keys });
  const chatId = await openPair("cid", "dan");
  const [cid, dan] = [
    await connectNative(cluster.urls[0], { userId: "cid" }),
    await connectNative(cluster.urls[1], { userId: "dan" }),
  ];
  await cid.hear("presence_update", (update) => update.userId === "dan" && update.status === "online");
  await cid.ask("send_message", { chatId, message: { content: "hello" } });
  await until(() => contents(dan, chatId).includes("hello"), "dan hears it on the other node");
  const metrics = await (await fetch(`${cluster.urls[1]}/metrics`)).text();
  expect(Number(/^parley_bus_delay_seconds_count\S* (\d+)/m.exec(metrics)?.[1])).toBeGreaterThan(0);
  // The worker sends it, and has the nodes tell of it.
  await dan.hear("notification");
  await until(() => service.received.some(({ subscription }) => subscription === browser.id), "it is pushed");
  for (const client of [cid, dan]) client.close();
});

it("nobody notices that the slots of the bus, of presence and of the queues move", async () => {
  await talkDuring(async () => {
    for (const key of [busKey(), "{presence}", "{rl}", "{nodes}", `{${cluster.redisPrefix}}`])
      await servers.move(key);
  });
  for (const { name } of [...cluster.nodes, cluster.worker]) expect(told(name), name).toEqual({});
  for (const url of cluster.urls) await untilBusIs(url, true);
});

it("a master killed under traffic: everything is heard once, presence is whole, and each connection tells of it once", async () => {
  const eve = await connectNative(cluster.urls[0], { userId: "eve" });
  const fay = await connectNative(cluster.urls[1], { userId: "fay" });
  await openPair("eve", "fay");
  await talkDuring(async () => {
    await servers.failOver(busKey());
    for (const url of cluster.urls) await untilBusIs(url, true);
  });
  await servers.restart();
  await untilTold(1);
  await servers.failOver("{presence}");
  fay.close();
  await eve.hear("presence_update", (update) => update.userId === "fay" && update.status === "offline");
  const again = await connectNative(cluster.urls[1], { userId: "fay" });
  const isOnline = async () => {
    const { presence } = await eve.ask("presence", { userIds: ["fay"] });
    return (presence as Array<{ status: string }>)[0]?.status === "online";
  };
  await until(isOnline, "presence goes on");
  await servers.restart();
  await untilTold(2);
  for (const client of [eve, again]) client.close();
});

it("an erasure removes a person from every server", async () => {
  const gil = await connectNative(cluster.urls[0], { userId: "gil-to-be-erased" });
  const found = async () =>
    JSON.stringify(await readRedis(redis, cluster.redisPrefix)).includes("gil-to-be-erased");
  const hal = await connectNative(cluster.urls[1], { userId: "hal" });
  await openPair("gil-to-be-erased", "hal");
  gil.close();
  await hal.hear("presence_update", (update) => update.userId !== "hal" && update.status === "offline");
  expect(await found()).toBe(true);
  const admin = restClient(cluster.urls[0], { userId: "root", role: "admin" });
  const path = "/v1/admin/users/gil-to-be-erased/erase";
  const { body } = await admin.request<{ task: DataTaskShape }>("POST", path, {
    confirm: "gil-to-be-erased",
  });
  await until(async () => {
    const task = await admin.request<DataTaskShape>("GET", `/v1/admin/tasks/${body.task.id}`);
    return task.body.state === "done";
  }, "the erasure is done");
  expect(await found()).toBe(false);
  hal.close();
});

it("no command needed two slots; without any server the nodes serve on, and all processes end in order", async () => {
  const { CROSSSLOT = 0 } = await servers.refusals();
  expect(CROSSSLOT).toBe(0);
  await expect(redis.mget("a", "b")).rejects.toThrow("CROSSSLOT");
  expect(await servers.refusals()).toMatchObject({ CROSSSLOT: 1 });

  await servers.killAll();
  for (const url of cluster.urls) await untilBusIs(url, false);
  const [ann, ben] = [
    await connectNative(cluster.urls[0], { userId: "ann" }),
    await connectNative(cluster.urls[1], { userId: "ben" }),
  ];
  const chatId = await openPair("ann", "ben");
  await ann.ask("send_message", { chatId, message: { content: "without" } });
  await until(() => contents(ben, chatId).includes("without"), "ben hears it through Postgres");
  for (const client of [ann, ben]) client.close();
  await Promise.all([...cluster.nodes, cluster.worker].map((process) => process.kill("SIGTERM")));
  for (const { name } of cluster.nodes)
    expect(logOf(name).map(({ msg }) => msg)).toContain("the node has stopped");
});
