import { openQueue } from "@parley/platform";
import { createVapidPair } from "@parley/platform/local";
import { Client } from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { SettledBehaviour } from "../push-service/behaviour.js";
import type { PushService } from "../push-service/push-service.js";
import { startPushService } from "../push-service/start-push-service.js";
import { restClient } from "../rest-client.js";
import { startTestCluster, type TestCluster } from "../test-cluster.js";
import { until } from "../until.js";

interface Expected {
  answer: string;
  behaviour: SettledBehaviour;
  /** Whether the browser can be pushed to afterwards. */
  subscription: "kept" | "removed";
  notification: "sent" | "failed" | "due";
  metric: { outcome: string; reason: string };
}

const status = (code: number, more: { retryAfter?: number } = {}) =>
  ({ kind: "status", status: code, ...more }) as const;

/** What each answer of a push service means for the browser's subscription, for the notification, and for who watches. */
const ANSWERS: Expected[] = [
  {
    answer: "201",
    behaviour: { kind: "accept" },
    subscription: "kept",
    notification: "sent",
    metric: { outcome: "accepted", reason: "accepted" },
  },
  {
    answer: "400",
    behaviour: status(400),
    subscription: "kept",
    notification: "failed",
    metric: { outcome: "refused", reason: "bad_request" },
  },
  {
    answer: "403",
    behaviour: status(403),
    subscription: "kept",
    notification: "due",
    metric: { outcome: "unauthorised", reason: "unauthorised" },
  },
  {
    answer: "404",
    behaviour: status(404),
    subscription: "removed",
    notification: "failed",
    metric: { outcome: "gone", reason: "subscription_gone" },
  },
  {
    answer: "410",
    behaviour: status(410),
    subscription: "removed",
    notification: "failed",
    metric: { outcome: "gone", reason: "subscription_gone" },
  },
  {
    answer: "413",
    behaviour: status(413),
    subscription: "kept",
    notification: "failed",
    metric: { outcome: "too_large", reason: "too_large_for_service" },
  },
  {
    answer: "429",
    behaviour: status(429, { retryAfter: 3_000 }),
    subscription: "kept",
    notification: "due",
    metric: { outcome: "retry_later", reason: "throttled" },
  },
  {
    answer: "500",
    behaviour: status(500),
    subscription: "kept",
    notification: "due",
    metric: { outcome: "retry_later", reason: "service_failed" },
  },
  {
    answer: "nothing",
    behaviour: { kind: "hang" },
    subscription: "kept",
    notification: "due",
    metric: { outcome: "retry_later", reason: "timed_out" },
  },
  {
    answer: "headers byte by byte",
    behaviour: { kind: "drip", part: "head" },
    subscription: "kept",
    notification: "due",
    metric: { outcome: "retry_later", reason: "timed_out" },
  },
  {
    // The status is known, and counts: the rest never comes.
    answer: "201 and a body byte by byte",
    behaviour: { kind: "drip", part: "body" },
    subscription: "kept",
    notification: "sent",
    metric: { outcome: "accepted", reason: "accepted" },
  },
  {
    answer: "a reset",
    behaviour: { kind: "reset" },
    subscription: "kept",
    notification: "due",
    metric: { outcome: "retry_later", reason: "connection_failed" },
  },
  {
    answer: "a redirection",
    behaviour: { kind: "redirect", to: "http://127.0.0.1:1/elsewhere" },
    subscription: "kept",
    notification: "failed",
    metric: { outcome: "refused", reason: "redirected" },
  },
  {
    answer: "201 and a flood",
    behaviour: { kind: "flood" },
    subscription: "kept",
    notification: "sent",
    metric: { outcome: "accepted", reason: "accepted" },
  },
  {
    answer: "500 and a flood",
    behaviour: { kind: "flood", status: 500 },
    subscription: "kept",
    notification: "due",
    metric: { outcome: "retry_later", reason: "service_failed" },
  },
];

/** Every way in which the push service can treat a single push; `slow` is one of the others, later. */
const KINDS = {
  accept: true,
  status: true,
  hang: true,
  drip: true,
  reset: true,
  redirect: true,
  flood: true,
} satisfies Record<Exclude<SettledBehaviour["kind"], "slow">, true>;
const STATUSES = [400, 403, 404, 410, 413, 429, 500];

it("nothing that the push service can do is left out below", () => {
  const behaviours = ANSWERS.map(({ behaviour }) => behaviour);
  expect(new Set(behaviours.map(({ kind }) => kind))).toEqual(new Set(Object.keys(KINDS)));
  const statuses = behaviours.flatMap((one) => (one.kind === "status" ? [one.status] : []));
  expect(statuses.toSorted()).toEqual(STATUSES);
});

let cluster: TestCluster;
let database: Client;
let services: PushService[];

beforeAll(async () => {
  // Each has a host of its own, because what one of them asks for holds for all pushes to it.
  services = await Promise.all([...ANSWERS, "one for the last test"].map(() => startPushService()));
  const vapid = createVapidPair();
  cluster = await startTestCluster({
    PUSH_ALLOWED_HOSTS: services.map(({ host }) => host).join(","),
    VAPID_PUBLIC_KEY: vapid.publicKey,
    VAPID_PRIVATE_KEY: vapid.privateKey,
  });
  database = new Client({ connectionString: cluster.databaseUrl });
  await database.connect();
});

afterAll(async () => {
  await database?.end();
  await cluster?.stop();
  await Promise.all(services?.map((service) => service.stop()) ?? []);
});

async function rows(text: string, userId: string): Promise<Record<string, unknown>[]> {
  return (await database.query<Record<string, unknown>>(text, [userId])).rows;
}

async function counted({ outcome, reason }: Expected["metric"]): Promise<number> {
  const text = await (await fetch(`${cluster.worker.url}/metrics`)).text();
  const lines = text.split("\n").filter((line) => line.startsWith("parley_pushes_total{"));
  const line = lines.find(
    (one) => one.includes(`outcome="${outcome}"`) && one.includes(`reason="${reason}"`),
  );
  return Number(line?.split(" ").at(-1) ?? 0);
}

it.each(ANSWERS.map((expected, place) => ({ ...expected, place })))(
  "$answer: the subscription is $subscription, the notification $notification",
  async ({ behaviour, subscription, notification, metric, place }) => {
    const service = services[place];
    if (service === undefined) throw new Error("there are too few services");
    service.behave(behaviour);
    const userId = `person-${place}`;
    const { endpoint, keys } = service.newSubscription();
    const rest = restClient(cluster.urls[0], { userId });
    await rest.request("POST", "/v1/notifications/subscribe", { endpoint, keys });
    const shop = restClient(cluster.urls[0], { userId: "shop" });
    const chat = await shop.request<{ id: string }>("POST", "/v1/chat", { type: "direct", user_id: userId });
    const before = await counted(metric);

    const message = { content: "It has come.", type: "text" };
    await shop.request("POST", `/v1/chat/${chat.body.id}/messages`, message);
    await until(async () => (await counted(metric)) > before, "it is counted");
    // Once every outcome is stored, the delivery says when it was tried.
    await until(async () => {
      const text = "SELECT state FROM notifications WHERE user_id = $1";
      return (await rows(text, userId))[0]?.state === notification;
    }, `the notification is ${notification}`);

    const left = await rows("SELECT 1 FROM push_subscriptions WHERE user_id = $1", userId);
    expect(left).toHaveLength(subscription === "kept" ? 1 : 0);
    expect(await service.doubled()).toEqual([]);
  },
);

it("no answer fails a job: what is to be tried again is in the database", async () => {
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const redisUrl = cluster.services.redisUrl;
  const queue = openQueue({ name: "push", redisUrl, prefix: cluster.redisPrefix, log });
  const counts = await until(() => queue.counts().catch(() => false as const), "the queue can be reached");
  await queue.close();
  expect(counts).toMatchObject({ failed: 0 });
});

const PEOPLE = 20;
const MEGABYTES = 32;
/** What garbage and the system's buffers may take; the answers together have 640 MiB. */
const SPARE_BYTES = 200 * 2 ** 20;

it("answers of any length cost the worker no memory", async () => {
  const flooding = services.at(-1);
  if (flooding === undefined) throw new Error("there are too few services");
  flooding.behave({ kind: "flood", megabytes: MEGABYTES, status: 400 });
  const others = Array.from({ length: PEOPLE }, (_, place) => `flooded-${place}`);
  for (const userId of others) {
    const { endpoint, keys } = flooding.newSubscription();
    await restClient(cluster.urls[0], { userId }).request("POST", "/v1/notifications/subscribe", {
      endpoint,
      keys,
    });
  }
  const shop = restClient(cluster.urls[0], { userId: "shop" });
  const group = { type: "group", name: "flooded", member_ids: others };
  const chat = await shop.request<{ id: string }>("POST", "/v1/chat", group);
  const refused = { outcome: "refused", reason: "bad_request" };
  const [before, idle] = [await counted(refused), await residentBytes()];
  let most = 0;
  const message = { content: "It has come.", type: "text" };
  await shop.request("POST", `/v1/chat/${chat.body.id}/messages`, message);
  await until(async () => {
    most = Math.max(most, await residentBytes());
    return (await counted(refused)) === before + PEOPLE;
  }, "all of them are answered");
  expect(most - idle).toBeLessThan(SPARE_BYTES);
  const floods = flooding.requests.filter(({ answer }) => answer?.status === 400);
  expect(floods).toHaveLength(PEOPLE);
  for (const { answer, abandoned } of floods) {
    // More was there to be read than the worker takes, and it left.
    expect(answer?.bodyBytes).toBeGreaterThan(16 * 1024);
    expect(abandoned).toBe(true);
  }
});

async function residentBytes(): Promise<number> {
  const text = await (await fetch(`${cluster.worker.url}/metrics`)).text();
  return Number(/^parley_process_resident_memory_bytes(?:\{.*\})? (\S+)$/m.exec(text)?.[1]);
}
