import { createVapidPair } from "@parley/platform/local";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { PushService } from "../push-service/push-service.js";
import { startPushService } from "../push-service/start-push-service.js";
import { restClient } from "../rest-client.js";
import { startTestCluster, type TestCluster } from "../test-cluster.js";
import { until } from "../until.js";

/** More than one process may have under way at one service. */
const PEOPLE = 150;

let cluster: TestCluster;
let service: PushService;

beforeAll(async () => {
  service = await startPushService();
  const vapid = createVapidPair();
  cluster = await startTestCluster({
    PUSH_ALLOWED_HOSTS: service.host,
    VAPID_PUBLIC_KEY: vapid.publicKey,
    VAPID_PRIVATE_KEY: vapid.privateKey,
  });
});

afterAll(async () => {
  await cluster?.stop();
  await service?.stop();
});

const restOf = (userId: string, role = "user") => restClient(cluster.urls[0], { userId, role });

async function subscribe(userId: string): Promise<string> {
  const { endpoint, keys, id } = service.newSubscription();
  const rest = restOf(userId);
  expect((await rest.request("POST", "/v1/notifications/subscribe", { endpoint, keys })).status).toBe(201);
  // Campaigns are promotional, which nobody wants unless they say so.
  const preferences = { promotional: true };
  expect((await rest.request("PUT", "/v1/notifications/preferences", preferences)).status).toBe(200);
  return id;
}

interface Progress {
  state: string;
  total: number;
  sent: number;
  by_variant: Record<string, { total: number; sent: number; clicked: number }>;
}

it("a campaign that the push service holds up does not hold up a message, and reaches everyone in the end", async () => {
  const people = Array.from({ length: PEOPLE }, (_, place) => `p${place}`);
  const browsers = await Promise.all(people.map(subscribe));
  for (const browser of browsers) service.behave({ kind: "slow", gate: "campaign" }, browser);
  const friend = await subscribe("ben");
  const open = await restOf("ann").request<{ id: string }>("POST", "/v1/chat", {
    type: "direct",
    user_id: "ben",
  });

  const body = {
    user_ids: people,
    notification: { title: "Sale", body: "Everything must go." },
    variants: [
      { name: "plain", weight: 1, notification: { title: "Sale", body: "Everything must go." } },
      { name: "loud", weight: 1, notification: { title: "SALE!", body: "Everything must go!" } },
    ],
  };
  const admin = restOf("boss", "admin");
  const { status, body: batch } = await admin.request<{ batch_id: string }>(
    "POST",
    "/v1/notifications/batch",
    body,
  );
  expect(status).toBe(202);
  // The campaign has taken all the room that it can get.
  await until(() => service.gate("campaign").waiting >= 25, "the campaign's pushes hang");
  const waiting = service.gate("campaign").waiting;
  expect(waiting).toBeLessThan(PEOPLE);

  const message = { content: "Are you there?", type: "text" };
  await restOf("ann").request("POST", `/v1/chat/${open.body.id}/messages`, message);
  await until(
    () => service.received.some((push) => push.subscription === friend),
    "ben is told of the message",
  );
  expect(service.received.filter((push) => push.subscription !== friend)).toEqual([]);

  service.gate("campaign").open();
  const progress = async () =>
    (await admin.request<Progress>("GET", `/v1/notifications/batch/${batch.batch_id}`)).body;
  // What the worker could not wait for on a busy machine is tried again, at first after a quarter of a minute, then after three.
  await until(async () => (await progress()).state === "done", "the campaign is over", 240_000);
  const { total, sent, by_variant: variants } = await progress();
  expect({ total, sent }).toEqual({ total: PEOPLE, sent: PEOPLE });
  expect((variants.plain?.sent ?? 0) + (variants.loud?.sent ?? 0)).toBe(PEOPLE);
  expect(variants.plain?.sent).toBeGreaterThan(0);
  expect(variants.loud?.sent).toBeGreaterThan(0);
  const answered = service.received.filter(({ abandoned }) => !abandoned).map((push) => push.subscription);
  expect(answered.toSorted()).toEqual([...browsers, friend].toSorted());
}, 400_000);
