import type { AdminUserDetailShape, AlertsShape, PushesShape } from "@parley/contracts";
import { createVapidPair } from "@parley/platform/local";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { PushService } from "../push-service/push-service.js";
import { startPushService } from "../push-service/start-push-service.js";
import { restClient } from "../rest-client.js";
import { startTestCluster, type TestCluster } from "../test-cluster.js";
import { until } from "../until.js";

/** Why did a push not arrive? Asked of the operators' calls alone. */

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

const get = async <Body>(path: string): Promise<Body> => {
  const ops = restClient(cluster.urls[1], { userId: "ops", role: "admin" });
  const { status, body } = await ops.request<Body>("GET", path);
  expect([path, status]).toEqual([path, 200]);
  return body;
};

async function subscribe(userId: string): Promise<void> {
  const { endpoint, keys } = service.newSubscription();
  const body = { endpoint, keys };
  await restClient(cluster.urls[0], { userId }).request("POST", "/v1/notifications/subscribe", body);
}

async function tell(userId: string): Promise<void> {
  const shop = restClient(cluster.urls[0], { userId: "shop" });
  const chat = await shop.request<{ id: string }>("POST", "/v1/chat", { type: "direct", user_id: userId });
  const message = { content: "It has come.", type: "text" };
  await shop.request("POST", `/v1/chat/${chat.body.id}/messages`, message);
}

const userOf = (userId: string) => get<AdminUserDetailShape>(`/v1/admin/users/${userId}`);
const pushes = () => get<PushesShape>("/v1/admin/pushes?hours=1");

it("a service that does not accept the keys shows with its answer, at the person, and as an alert", async () => {
  service.behave({ kind: "status", status: 403 });
  const people = ["refused-1", "refused-2", "refused-3"];
  for (const userId of people) {
    await subscribe(userId);
    await tell(userId);
  }
  await until(async () => (await pushes()).by_service[0]?.last_status === 403, "the answer shows");
  const [other] = (await pushes()).by_service;
  expect(other).toMatchObject({ service: "other", accepted: 0, success_rate: null });
  await until(
    async () => (await userOf("refused-1")).subscriptions[0]?.last_failure?.status === 403,
    "it shows at the device",
  );
  await until(async () => {
    const { alerts } = await get<AlertsShape>("/v1/admin/alerts");
    return alerts.some(({ code, subject }) => code === "ParleyPushKeysRefused" && subject === "other");
  }, "there is an alert");
});

it("a person without a device shows with the reason, and with the message to ask about", async () => {
  service.behave({ kind: "accept" });
  await tell("no-device");
  await until(async () => {
    const { not_sent: reasons } = await pushes();
    return reasons.some(({ reason, count }) => reason === "no_subscription" && count > 0);
  }, "the reason is counted");
  const { recent_notifications: notifications, subscriptions } = await userOf("no-device");
  expect(subscriptions).toEqual([]);
  const [newest] = notifications;
  expect(newest).toMatchObject({ state: "suppressed", reason: "no_subscription" });
  const path = `/v1/notifications/explain?message_id=${newest?.message_id}&user_id=no-device`;
  expect(await get(path)).toMatchObject({ outcome: "suppressed", reason: "no_subscription" });
});

it("what arrives counts as a success, with the time that it took", async () => {
  await subscribe("lucky");
  await tell("lucky");
  await until(async () => ((await pushes()).by_service[0]?.accepted ?? 0) > 0, "it is counted");
  const [other] = (await pushes()).by_service;
  expect(other?.success_rate).toBe(1);
  expect(other?.p50_ms).toBeGreaterThanOrEqual(0);
  expect((await userOf("lucky")).subscriptions[0]).toMatchObject({ service: "other", last_failure: null });
  await until(
    async () => (await userOf("lucky")).subscriptions[0]?.last_success_at != null,
    "its device was reached",
  );
});
