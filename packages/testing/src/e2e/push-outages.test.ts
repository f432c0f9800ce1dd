import { createChat, type Engine } from "@parley/engine";
import { connectRedis, whenReady } from "@parley/platform";
import { createVapidPair } from "@parley/platform/local";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { type PushServiceProcess, startPushServiceProcess } from "../push-service/push-service-process.js";
import { restClient } from "../rest-client.js";
import { startTestCluster, type TestCluster } from "../test-cluster.js";
import { openTestEngine } from "../test-engine.js";
import { until } from "../until.js";

const PEOPLE = 5_000;
const GROUP = 500;
/** A killed worker's pushes are sent again when its lease is over, and that is looked for from time to time. */
const PATIENCE_MS = 120_000;

let cluster: TestCluster;
let service: PushServiceProcess;
let engine: Engine;
let chats: string[];

beforeAll(async () => {
  service = await startPushServiceProcess({ verify: "none" });
  const vapid = createVapidPair();
  cluster = await startTestCluster({
    PUSH_ALLOWED_HOSTS: new URL(service.origin).host,
    VAPID_PUBLIC_KEY: vapid.publicKey,
    VAPID_PRIVATE_KEY: vapid.privateKey,
    PUSH_LEASE_SECONDS: "25",
    NOTIFICATION_SWEEP_SECONDS: "1",
  });
  ({ engine } = openTestEngine(cluster.databaseUrl));
  chats = await openChats();
}, 240_000);

afterAll(async () => {
  await engine?.database.prisma.$disconnect();
  await cluster?.stop();
  await service?.stop();
});

beforeEach(() => service.forget());

/** Groups of people who are away, each with one browser, and of the shop that writes to them. */
async function openChats(): Promise<string[]> {
  const browsers = await service.newSubscriptions(PEOPLE);
  const userIds = browsers.map((_browser, place) => `p${place}`);
  await engine.database.pool.query(
    `INSERT INTO push_subscriptions (id, user_id, endpoint, p256dh, auth, origin)
     SELECT gen_random_uuid(), user_id, endpoint, p256dh, auth, $5
     FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS b(user_id, endpoint, p256dh, auth)`,
    [
      userIds,
      browsers.map(({ endpoint }) => endpoint),
      browsers.map(({ keys }) => keys.p256dh),
      browsers.map(({ keys }) => keys.auth),
      service.origin,
    ],
  );
  const opened: string[] = [];
  for (let from = 0; from < PEOPLE; from += GROUP) {
    const memberIds = userIds.slice(from, from + GROUP);
    const actor = { userId: "shop", role: "user" };
    const request = { type: "group" as const, name: `customers ${from}`, memberIds };
    opened.push((await createChat(engine, { actor, request })).id);
  }
  return opened;
}

/** One message into each chat. */
async function tellEveryone(): Promise<void> {
  const rest = restClient(cluster.url, { userId: "shop" });
  for (const chatId of chats) {
    const body = { content: "It has come.", type: "text" };
    expect((await rest.request("POST", `/v1/chat/${chatId}/messages`, body)).status).toBe(201);
  }
}

const accepted = async () => (await service.counters()).accepted;

/** Waits until nobody works on anything any more, and everyone has been told. */
async function untilServed(): Promise<void> {
  await until(
    async () => {
      const open = "SELECT 1 FROM notifications WHERE state IN ('pending', 'waiting', 'due') LIMIT 1";
      const isDone = (await engine.database.pool.query(open)).rowCount === 0;
      return isDone && (await accepted()) >= PEOPLE;
    },
    "every notification is done",
    PATIENCE_MS,
  );
  // A notification has a name of its own, so these are as many people.
  expect((await service.deliveries()).distinct).toBe(PEOPLE);
}

it("Redis emptied in the middle: everyone is told, and once", async () => {
  await tellEveryone();
  await until(async () => (await accepted()) > PEOPLE / 10, "pushes are under way", PATIENCE_MS);
  const redis = connectRedis({ url: cluster.services.redisUrl, role: "queue-worker", log: console });
  await whenReady(redis, PATIENCE_MS);
  const keys = await redis.keys(`*${cluster.redisPrefix}*`);
  expect(keys.length).toBeGreaterThan(0);
  await redis.del(...keys);
  redis.disconnect();
  await untilServed();
  expect(await service.doubled()).toEqual([]);
}, 300_000);

it("the worker killed in the middle: everyone is told, and nobody more than once again", async () => {
  // Until it is dead the others wait.
  await service.behave({
    kind: "times",
    times: PEOPLE / 5,
    first: { kind: "accept" },
    rest: { kind: "slow", gate: "the rest" },
  });
  await tellEveryone();
  const areUnderWay = async () =>
    (await service.waitingAt("the rest")) > 0 && (await accepted()) === PEOPLE / 5;
  await until(areUnderWay, "pushes are under way", PATIENCE_MS);
  await cluster.worker.kill("SIGKILL");
  await service.openGate("the rest");
  await cluster.worker.restart();
  await untilServed();
  const doubled = await service.doubled();
  // What the service had taken, and was not yet stored, when the worker died; nobody can ask the service what it has.
  expect(doubled.length).toBeLessThan(PEOPLE / 20);
  for (const { count } of doubled) expect(count).toBe(2);
}, 300_000);
