import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import webPush from "web-push";
import type { PushService } from "../push-service/push-service.js";
import { startPushService } from "../push-service/start-push-service.js";
import { startTestCluster, type TestCluster } from "../test-cluster.js";
import { until } from "../until.js";
import { untilNamed } from "../until-named.js";
import { newOrderChat, type OtsyPayload, type OtsyPerson, otsyCast, sayText } from "./otsy-cast.js";

/**
 * The native contract's own document, from "プッシュ通知実装" on what it says of pushes, over two nodes, a worker and a push service that
 * verifies and decrypts what it gets.
 */

let cluster: TestCluster;
let service: PushService;
let folder: string;
const cast = otsyCast(() => cluster);
const { someone, onNode, unique } = cast;

// "VAPID鍵生成" and "環境変数", as the document has them.
const { publicKey, privateKey } = webPush.generateVAPIDKeys();
const VAPID_SUBJECT = "mailto:support@otsy.app";

/** The document's own words: Parley's are others, and files replace them. */
const TEXTS = {
  "new_message.title": "New message from {sender}",
  "order_update.title": "Order Update",
  "order_update.body": "Your order status has been updated to: {status}",
  "status.shopping": "Shopping",
  "action.view_order": "View Order",
};

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "parley-texts-"));
  await writeFile(path.join(folder, "en.json"), JSON.stringify(TEXTS));
  service = await startPushService();
  cluster = await startTestCluster({
    VAPID_PUBLIC_KEY: publicKey,
    VAPID_PRIVATE_KEY: privateKey,
    VAPID_SUBJECT,
    PUSH_ALLOWED_HOSTS: service.host,
    NOTIFICATION_TEMPLATES_DIR: folder,
  });
});

afterEach(cast.leave);

afterAll(async () => {
  await cluster?.stop();
  await service?.stop();
  await rm(folder, { recursive: true });
});

const UUID = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
const TIME = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

interface Push {
  title: string;
  data: OtsyPayload;
}

/** A browser that has run the document's `subscribeToNotifications`: it takes pushes of the key that the server told, and of no other. */
async function subscribe(person: OtsyPerson) {
  const asked = await person.ask<{ publicKey: string }>("GET", "/v1/notifications/vapid-public-key");
  const { id, ...subscription } = service.newSubscription({ applicationServerKey: asked.body.publicKey });
  expect((await person.ask("POST", "/v1/notifications/subscribe", subscription)).status).toBe(201);
  const pushes = () =>
    service.received.filter((push) => push.subscription === id).map(({ payload }) => payload?.json as Push);
  return {
    id,
    subscription,
    pushes,
    /** Waits for the first push that fits. */
    shows: (fits: (push: Push) => boolean) => until(() => pushes().find(fits), "the browser gets the push"),
  };
}

const isOf = (type: string) => (push: Push) => push.data.type === type;

/** What the document's service worker does with a click: where it leads. */
function placeOf(action: string, { chatId, orderId }: OtsyPayload): string | undefined {
  return { reply: `/chat/${chatId}`, view_order: `/orders/${orderId}` }[action];
}

/** A chat whose shopper has a name to be told of. */
async function open() {
  const [user, shopper] = [someone(0), someone(1, "shopper", "田中さん")];
  const chat = await newOrderChat(cast, user, shopper);
  // The directory learns names from tokens.
  await shopper.ask("GET", "/v1/chat/my-chats");
  await untilNamed(cluster.databaseUrl, [shopper.id]);
  return { ...chat, user, shopper };
}

async function explain(person: OtsyPerson, messageId: string) {
  const query = `message_id=${messageId}&user_id=${person.id}`;
  type Explanation = { outcome: string; reason?: string };
  return (await person.ask<Explanation>("GET", `/v1/notifications/explain?${query}`)).body;
}

describe("通知テンプレート", () => {
  it("新着メッセージ: what the service worker shows, and where its buttons lead", async () => {
    const { id: chatId, orderId, user, shopper } = await open();
    const browser = await subscribe(user);
    const messageId = await sayText(shopper, chatId, "商品について質問があります");
    const push = await browser.shows(() => true);
    expect(push).toEqual({
      title: "New message from 田中さん",
      body: "商品について質問があります",
      icon: "/icons/chat-notification.png",
      badge: "/icons/badge.png",
      // One for each chat, as in the document; the kind stands before the id, so that ids of different things never meet.
      tag: `chat:${chatId}`,
      data: { type: "chat_message", chatId, messageId, orderId, notificationId: UUID, seq: 1 },
      actions: [
        { action: "reply", title: "Reply", icon: "/icons/reply.png" },
        { action: "view_order", title: "View Order", icon: "/icons/order.png" },
      ],
      requireInteraction: false,
    });
    expect(placeOf("reply", push.data)).toBe(`/chat/${chatId}`);
    expect(placeOf("view_order", push.data)).toBe(`/orders/${orderId}`);
  });

  it("注文更新: of an order in its chat, to both sides", async () => {
    const { id: chatId, orderId, user, shopper } = await open();
    const browsers = [await subscribe(user), await subscribe(shopper)];
    const path = `/v1/orders/${orderId}/updates`;
    const stored = await someone(0, "system").ask("POST", path, { status: "shopping" });
    for (const browser of browsers) {
      expect(await browser.shows(isOf("order_update"))).toEqual({
        title: "Order Update",
        body: "Your order status has been updated to: Shopping",
        icon: "/icons/order-update.png",
        badge: "/icons/badge.png",
        tag: `order_update:${orderId}`,
        data: {
          type: "order_update",
          orderId,
          status: "shopping",
          chatId,
          messageId: stored.body.id,
          notificationId: UUID,
          seq: 1,
        },
        actions: [{ action: "view_order", title: "View Order", icon: "/icons/view.png" }],
        requireInteraction: false,
      });
    }
  });

  it("注文更新: of an order that nobody chats about", async () => {
    const user = someone(1);
    const browser = await subscribe(user);
    const told = { order_id: unique("order"), status: "shopping", user_id: user.id };
    const answer = await someone(0, "system").ask("POST", "/v1/notifications/order-status", told);
    expect([answer.status, answer.body]).toEqual([201, { success: true }]);
    expect(await browser.shows(() => true)).toMatchObject({
      title: "Order Update",
      body: "Your order status has been updated to: Shopping",
      data: { type: "order_update", orderId: told.order_id, status: "shopping" },
      actions: [{ action: "view_order" }],
    });
    const stranger = someone(0);
    expect((await stranger.ask("POST", "/v1/notifications/order-status", told)).status).toBe(403);
  });
});

describe("機能概要: プッシュ通知", () => {
  it("通知設定: who wants no `chat_messages` gets none, and hears of orders all the same", async () => {
    const { id, orderId, user, shopper } = await open();
    const browser = await subscribe(user);
    await user.ask("PUT", "/v1/notifications/preferences", { chat_messages: false, order_updates: true });
    const unwanted = await sayText(shopper, id, "hush");
    await until(async () => (await explain(user, unwanted)).outcome === "suppressed", "it is decided");
    expect(await explain(user, unwanted)).toMatchObject({ reason: "category_off" });
    await someone(0, "system").ask("POST", `/v1/orders/${orderId}/updates`, { status: "shopping" });
    await browser.shows(isOf("order_update"));
    expect(browser.pushes().map(({ data }) => data.type)).toEqual(["order_update"]);
  });

  it("バッチ通知: one thing for many, `promotional` for who wants it only", async () => {
    const [wants, doesNot] = [someone(0), someone(1)];
    const browsers = [await subscribe(wants), await subscribe(doesNot)];
    await wants.ask("PUT", "/v1/notifications/preferences", { promotional: true });
    const admin = someone(1, "admin");
    // The document names batches and shows no call; the contract has one.
    const user_ids = [wants.id, doesNot.id];
    const path = "/v1/notifications/batch";
    const sale = { user_ids, notification: { title: "Sale", body: "Until Sunday." } };
    expect((await wants.ask("POST", path, sale)).status).toBe(403);
    const sent = await admin.ask<{ batch_id: string }>("POST", path, sale);
    expect([sent.status, sent.body]).toEqual([202, { batch_id: UUID }]);
    const alert = { category: "system_alerts", title: "Maintenance", body: "Tonight." };
    expect((await admin.ask("POST", path, { user_ids, notification: alert })).status).toBe(202);
    for (const browser of browsers) await browser.shows(({ title }) => title === "Maintenance");
    const progress = () => admin.ask("GET", `${path}/${sent.body.batch_id}`);
    const told = await until(async () => {
      const { body } = await progress();
      return body.total === 2 && body.pending === 0 && body;
    }, "everybody is told or not");
    expect(told).toMatchObject({ sent: 1, suppressed: { category_off: 1 } });
    const titles = browsers.map((browser) => browser.pushes().map(({ title }) => title));
    expect([titles[0]?.toSorted(), titles[1]]).toEqual([["Maintenance", "Sale"], ["Maintenance"]]);
  });

  it("通知履歴: what was sent to me, and what I made of it", async () => {
    const { id, user, shopper } = await open();
    const browser = await subscribe(user);
    const messageId = await sayText(shopper, id, "商品について質問があります");
    const { notificationId } = (await browser.shows(() => true)).data;
    await user.ask("POST", "/v1/notifications/order-status", { order_id: "o", status: "shopping" });
    const history = "/v1/notifications/history?page=1&limit=10";
    type History = { notifications: OtsyPayload[]; total: number };
    const list = async (query = "") => (await user.ask<History>("GET", history + query)).body;
    const isSent = ({ state }: OtsyPayload) => state === "sent";
    await until(async () => (await list()).notifications.filter(isSent).length === 2, "both are sent");
    expect((await list()).total).toBe(2);
    // By what it tells of, as Parley calls it; `data` is what the service worker gets.
    const messages = await list("&type=new_message");
    expect(messages).toMatchObject({
      total: 1,
      notifications: [
        {
          id: notificationId,
          type: "new_message",
          title: "New message from 田中さん",
          body: "商品について質問があります",
          data: { type: "chat_message", chatId: id, messageId },
          created_at: TIME,
        },
      ],
    });
    expect((await user.ask("POST", `/v1/notifications/${notificationId}/clicked`)).status).toBe(200);
    expect((await list("&type=new_message")).notifications[0]).toMatchObject({ clicked_at: TIME });
    expect((await someone(1).ask<History>("GET", history)).body.total).toBe(0);
  });
});

describe("セキュリティ: プッシュ通知セキュリティ", () => {
  it("VAPID署名による送信者認証: each push is signed with the key, for the service and by VAPID_SUBJECT", async () => {
    const { id, user, shopper } = await open();
    const browser = await subscribe(user);
    await sayText(shopper, id, "signed");
    await browser.shows(() => true);
    const push = service.received.find(({ subscription }) => subscription === browser.id);
    expect(push?.verified).toBe(true);
    expect(push?.vapid).toMatchObject({ publicKey, claims: { aud: service.origin, sub: VAPID_SUBJECT } });
    expect(service.requests.filter(({ refusal }) => refusal !== null)).toEqual([]);
  });

  it("無効な購読の自動削除: what the push service knows no more is asked of no more", async () => {
    const { id, user, shopper } = await open();
    const browser = await subscribe(user);
    await sayText(shopper, id, "before");
    await browser.shows(() => true);
    const admin = someone(0, "admin");
    const active = async () =>
      (await admin.ask<{ active_subscriptions: number }>("GET", "/v1/notifications/admin/stats")).body
        .active_subscriptions;
    const before = await active();
    service.removeSubscription(browser.id);
    const lost = await sayText(shopper, id, "anybody there?");
    await until(async () => (await explain(user, lost)).outcome === "failed", "it has failed");
    expect(await explain(user, lost)).toMatchObject({ reason: "gone" });
    expect(await active()).toBe(before - 1);
    const next = await sayText(shopper, id, "hello?");
    await until(async () => (await explain(user, next)).outcome === "suppressed", "the next is decided");
    expect(await explain(user, next)).toMatchObject({ reason: "no_subscription" });
  });
});

describe("パフォーマンス最適化: 通知最適化", () => {
  it("重複通知の防止: once for each browser, however often it subscribes and wherever", async () => {
    const { id, user, shopper } = await open();
    const browser = await subscribe(user);
    const again = await onNode(1, user).ask("POST", "/v1/notifications/subscribe", browser.subscription);
    expect(again.status).toBe(201);
    for (const content of ["1", "2", "3"]) await sayText(shopper, id, content);
    const last = await sayText(shopper, id, "4");
    await until(async () => (await explain(user, last)).outcome === "sent", "the last is told");
    // Messages that came together are told of together.
    const told = browser.pushes().map(({ data }) => data.notificationId);
    expect(told.length).toBeGreaterThan(0);
    expect(new Set(told).size).toBe(told.length);
    expect(await service.doubled()).toEqual([]);
  });

  it("TTL設定による配信保証: the push service keeps it for who is away, for a day", async () => {
    const { id, user, shopper } = await open();
    const browser = await subscribe(user);
    await sayText(shopper, id, "for later");
    await browser.shows(() => true);
    const [kept] = service.pending(browser.id);
    expect(kept?.headers).toMatchObject({ urgency: "high", topic: expect.any(String) });
    expect(kept?.headers.ttl).toBeGreaterThan(23 * 3_600);
    expect(kept?.headers.ttl).toBeLessThanOrEqual(24 * 3_600);
  });
});

describe("監視・メトリクス: 通知メトリクス", () => {
  it("success rate, delay, subscribers and kinds are told to administrators", async () => {
    const { id, user, shopper } = await open();
    await subscribe(user);
    const message = await sayText(shopper, id, "counted");
    await until(async () => (await explain(user, message)).outcome === "sent", "it is sent");
    const path = "/v1/notifications/admin/stats";
    const { status, body } = await someone(1, "admin").ask("GET", path);
    expect([status, body]).toMatchObject([
      200,
      {
        total_notifications: expect.any(Number),
        notifications_today: expect.any(Number),
        active_subscriptions: expect.any(Number),
        notifications_by_type: { new_message: expect.any(Number) },
        deliveries: {
          accepted: expect.any(Number),
          success_rate: expect.any(Number),
          latency_ms: { p50: expect.any(Number), p95: expect.any(Number), p99: expect.any(Number) },
        },
      },
    ]);
    expect((await user.ask("GET", path)).status).toBe(403);
    const metrics = await (await fetch(`${cluster.worker.url}/metrics`)).text();
    expect(metrics).toMatch(/^parley_pushes_total\{service="other",outcome="accepted",.*\} [1-9]/m);
    expect(metrics).toMatch(/^parley_notifications_total\{outcome="push",.*\} [1-9]/m);
  });
});
