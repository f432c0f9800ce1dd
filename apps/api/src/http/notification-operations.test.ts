import { randomUUID } from "node:crypto";
import { type OperationId, REST_CATALOGUE } from "@parley/contracts";
import { sweepNotifications } from "@parley/engine";
import { createTestDatabase, createTestDevice, type TestDatabase, testRedisUrl } from "@parley/testing";
import request from "supertest";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openTestApi, type TestApi } from "../testing/open-test-api.js";
import { createRestCaller } from "../testing/rest-caller.js";

const VAPID_PUBLIC_KEY = createTestDevice().keys.p256dh;

let database: TestDatabase;
let api: TestApi;
const { call, refused, seen } = createRestCaller(({ method, path, as, role, query = {}, body }) => {
  const sent = request(api.app)[method](path).query(query).set("Authorization", api.bearer(as, role));
  return body === undefined ? sent : sent.send(body);
});

beforeAll(async () => {
  database = await createTestDatabase();
  api = await openTestApi({
    databaseUrl: database.url,
    redisUrl: testRedisUrl(),
    env: { REQUESTS_BURST: "10000", REQUESTS_PER_MINUTE: "100000", VAPID_PUBLIC_KEY },
  });
});

afterAll(async () => {
  await api.close();
  await database.drop();
});

const somebody = () => `user-${randomUUID()}`;

describe("a browser", () => {
  test("gets the key to subscribe with, without a token", async () => {
    const { body } = await request(api.app).get("/v1/notifications/vapid-public-key").expect(200);
    expect(body).toEqual({ publicKey: VAPID_PUBLIC_KEY });
    await call("vapidPublicKey", { as: "anyone" });
  });

  test("is subscribed and taken off, as often as it asks", async () => {
    const as = somebody();
    const body = createTestDevice();
    for (let count = 0; count < 2; count++) {
      expect(await call("subscribe", { as, body })).toMatchObject({ success: true });
    }
    await refused(
      "subscribe",
      { as: somebody(), body: { ...body, keys: createTestDevice().keys } },
      "endpoint_taken",
    );
    await refused("subscribe", { as, body: { ...body, endpoint: "https://10.0.0.1/push" } }, "invalid_input");
    await refused(
      "subscribe",
      { as, body: { ...body, endpoint: "http://fcm.googleapis.com/x" } },
      "invalid_input",
    );
    await refused(
      "subscribe",
      { as, body: { ...body, keys: { ...body.keys, auth: "short" } } },
      "invalid_input",
    );
    for (let count = 0; count < 2; count++) {
      expect(await call("unsubscribe", { as, body: { endpoint: body.endpoint } })).toEqual({ success: true });
    }
  });
});

test("preferences have defaults, and change in parts", async () => {
  const as = somebody();
  const standard = {
    order_updates: true,
    chat_messages: true,
    promotional: false,
    system_alerts: true,
    muted_until: null,
    quiet_hours: null,
    locale: null,
  };
  expect(await call("getNotificationPreferences", { as })).toEqual(standard);
  const part = {
    promotional: true,
    quiet_hours: { from: "22:30", to: "07:05", time_zone: "Asia/Tokyo" },
    locale: "ja-JP",
    muted_until: "2031-05-06T07:08:09.000Z",
  };
  const changed = await call("updateNotificationPreferences", { as, body: part });
  expect(changed).toEqual({ success: true, ...standard, ...part });
  const body = { muted_until: null, quiet_hours: null, locale: null };
  await call("updateNotificationPreferences", { as, body });
  expect(await call("getNotificationPreferences", { as })).toEqual({ ...standard, promotional: true });
  for (const wrong of [
    { chat_messages: "yes" },
    { quiet_hours: { from: "25:00", to: "07:00", time_zone: "UTC" } },
    { quiet_hours: { from: "07:00", to: "07:00", time_zone: "UTC" } },
    { quiet_hours: { from: "22:00", to: "07:00", time_zone: "Asia/Atlantis" } },
    { locale: "japanese, please" },
    { muted_until: "someday" },
  ]) {
    await refused("updateNotificationPreferences", { as, body: wrong }, "invalid_input");
  }
});

describe("notifications", () => {
  test("are made, listed, opened and clicked", async () => {
    const as = somebody();
    await call("notifyOrderStatus", { as, body: { order_id: "1001", status: "shipped" } });
    const payment = { type: "failed", amount: 12.5, currency: "EUR", order_id: "1001", user_id: as };
    await call("notifyPaymentUpdate", { as: "platform", role: "system", body: payment });
    await sweepNotifications(api.engine);
    const { notifications, total } = await call("listNotifications", { as });
    expect(total).toBe(2);
    expect(notifications).toMatchObject([
      { type: "payment", body: "The payment of €12.50 failed.", data: { orderId: "1001" } },
      { type: "order_update", body: "Your order is now: on its way", reason: "no_subscription" },
    ]);
    const params = { notification_id: notifications[0]?.id ?? "" };
    await refused("openNotification", { as: somebody(), params }, "notification_not_found");
    await refused("clickNotification", { as: somebody(), params }, "notification_not_found");
    await call("openNotification", { as, params });
    await call("clickNotification", { as, params });
    const unread = await call("listNotifications", { as, query: { unread: true } });
    expect(unread.notifications.map(({ type }) => type)).toEqual(["order_update"]);
    const query = { type: "payment", limit: 1, page: 1 };
    expect((await call("listNotifications", { as, query })).notifications).toMatchObject([
      { clicked_at: expect.any(String), opened_at: expect.any(String) },
    ]);
    await refused("listNotifications", { as, query: { type: "gossip" } }, "invalid_input");
  });

  test("are made for oneself, or by the platform", async () => {
    const [as, other] = [somebody(), somebody()];
    const status = { order_id: "1", status: "x", user_id: other };
    const payment = { type: "captured", amount: 1, user_id: other };
    for (const role of ["user", "shopper", "Admin"]) {
      await refused("notifyOrderStatus", { as, role, body: status }, "forbidden");
      await refused("notifyPaymentUpdate", { as, role, body: payment }, "forbidden");
    }
    for (const role of ["admin", "system"]) await call("notifyOrderStatus", { as, role, body: status });
    for (const amount of [-1, "1", Number.MAX_VALUE]) {
      await refused("notifyPaymentUpdate", { as, body: { type: "captured", amount } }, "invalid_input");
    }
  });
});

test("why a message was not pushed is told to the person and to operators", async () => {
  const [as, friend] = [somebody(), somebody()];
  const chat = await call("createChat", { as: friend, body: { type: "direct", user_id: as } });
  const sent = await call("sendMessage", { as: friend, params: { id: chat.id }, body: { content: "hi" } });
  const query = { message_id: sent.id };
  expect(await call("explainNotification", { as, query })).toMatchObject({ outcome: "not_decided" });
  await sweepNotifications(api.engine);
  const explained = await call("explainNotification", { as, query });
  expect(explained).toMatchObject({ outcome: "suppressed", reason: "no_subscription", user_id: as });
  const asked = { ...query, user_id: as };
  expect(await call("explainNotification", { as: "operator", role: "admin", query: asked })).toEqual(
    explained,
  );
  expect((await call("explainNotification", { as: friend, query })).outcome).toBe("own_message");
  await refused("explainNotification", { as: friend, query: asked }, "forbidden");
  await refused("explainNotification", { as: somebody(), query }, "message_not_found");
  await refused("explainNotification", { as, query: { message_id: randomUUID() } }, "message_not_found");
});

test("numbers are for administrators only", async () => {
  const stats = await call("notificationStats", { as: "operator", role: "admin" });
  expect(stats.total_notifications).toBeGreaterThan(0);
  expect(stats.notifications_by_type).toMatchObject({ payment: expect.any(Number) });
  for (const role of ["user", "shopper", "system", "Admin"]) {
    await refused("notificationStats", { as: "someone", role }, "role_required");
  }
});

test("a server without keys says so", async () => {
  const other = await openTestApi({ databaseUrl: database.url, redisUrl: testRedisUrl() });
  const { status, body } = await request(other.app).get("/v1/notifications/vapid-public-key");
  expect([status, body.code]).toEqual([503, "push_unavailable"]);
  // Nor may a browser believe that it will get any.
  const as = somebody();
  const subscribing = request(other.app).post("/v1/notifications/subscribe");
  const refusal = await subscribing.set("Authorization", api.bearer(as)).send(createTestDevice());
  expect([refusal.status, refusal.body.code]).toEqual([503, "push_unavailable"]);
  expect(refusal.body.detail).toContain("npm run -s vapid");
  expect(await api.engine.database.prisma.pushSubscription.count({ where: { userId: as } })).toBe(0);
  await other.close();
});

test("a call without a token counts for the address", async () => {
  const env = { REQUESTS_BURST: "2", REQUESTS_PER_MINUTE: "1", TRUST_PROXY: "loopback", VAPID_PUBLIC_KEY };
  const other = await openTestApi({ databaseUrl: database.url, redisUrl: testRedisUrl(), env });
  const address = `198.51.100.${Math.ceil(Math.random() * 250)}`;
  const answers: number[] = [];
  for (let count = 0; count < 4; count++) {
    const asked = request(other.app).get("/v1/notifications/vapid-public-key");
    answers.push((await asked.set("X-Forwarded-For", address)).status);
  }
  expect(answers).toContain(429);
  await other.close();
});

test("every call about notifications has been seen to work", () => {
  const calls = Object.entries(REST_CATALOGUE).filter(([, { path }]) =>
    /^\/v1\/notifications\/(?!batch)/.test(path),
  );
  expect(calls.map(([id]) => id).filter((id) => !seen.has(id as OperationId))).toEqual([]);
});
