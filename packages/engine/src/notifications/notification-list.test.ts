import { randomUUID } from "node:crypto";
import { NOTIFICATION_CATEGORIES, NOTIFICATION_TYPES } from "@parley/contracts";
import { addTestDevice, createTestDatabase, openTestEngine, type TestDatabase } from "@parley/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createChat } from "../chats/create-chat.js";
import type { Engine } from "../engine.js";
import { addMembers } from "../members/add-members.js";
import { removeMember } from "../members/remove-member.js";
import { sendMessage } from "../messages/send-message.js";
import { closeEngine } from "../open-engine.js";
import { claimDeliveries } from "./claim-deliveries.js";
import { createNotifications } from "./create-notifications.js";
import { listNotifications } from "./list-notifications.js";
import { markNotification } from "./mark-notification.js";
import { changeNotificationSettings, getNotificationSettings } from "./notification-settings.js";
import { notificationStats } from "./notification-stats.js";
import { notifyOrderStatus, notifyPaymentUpdate } from "./notify-person.js";
import { pruneNotifications } from "./prune-notifications.js";
import { recordDeliveries } from "./record-deliveries.js";
import { sweepNotifications } from "./sweep-notifications.js";

const alice = { userId: "alice", role: "user" };
const platform = { userId: "platform", role: "system" };
const HOUR = 3_600_000;

let database: TestDatabase;
let engine: Engine;

beforeAll(async () => {
  database = await createTestDatabase();
  ({ engine } = openTestEngine(database.url));
});

afterAll(async () => {
  await closeEngine(engine);
  await database.drop();
});

const somebody = () => ({ userId: `user-${randomUUID()}`, role: "user" });
const say = (chatId: string, content = "hello") =>
  sendMessage(engine, { actor: alice, chatId, draft: { content, type: "text" } });
const list = (actor: { userId: string; role: string }, more: object = {}) =>
  listNotifications(engine, { actor, page: 1, limit: 10, ...more });

async function newGroup(name = "g") {
  const actor = somebody();
  const request = { type: "group" as const, name, memberIds: [actor.userId] };
  return { actor, chatId: (await createChat(engine, { actor: alice, request })).id };
}

describe("a person's notifications", () => {
  it("are listed newest first, by type, in pages, and only their own", async () => {
    const { actor, chatId } = await newGroup();
    for (const status of ["confirmed", "shipped"]) {
      await notifyOrderStatus(engine, { actor: platform, orderId: "o-1", status, userId: actor.userId });
    }
    await say(chatId);
    expect(await list(actor)).toEqual({ notifications: [], total: 0 });
    await sweepNotifications(engine);
    const all = await list(actor);
    expect(all.total).toBe(3);
    expect(all.notifications.map(({ type, title, body }) => `${type}: ${title}: ${body}`)).toEqual([
      "group_message: g: New message: hello",
      "order_update: Order o-1: Your order is now: on its way",
      "order_update: Order o-1: Your order is now: confirmed",
    ]);
    expect(all.notifications[0]).toMatchObject({ state: "suppressed", reason: "no_subscription" });
    expect((await list(actor, { type: "order_update", limit: 1, page: 2 })).notifications).toMatchObject([
      { body: "Your order is now: confirmed" },
    ]);
    expect((await list(somebody())).total).toBe(0);
  });

  it("are opened and clicked by themselves only, and once", async () => {
    const actor = somebody();
    await notifyOrderStatus(engine, { actor, orderId: "o-2", status: "shipped" });
    await notifyOrderStatus(engine, { actor, orderId: "o-3", status: "shipped" });
    await sweepNotifications(engine);
    const [second, first] = (await list(actor)).notifications;
    const notificationId = first?.id ?? "";
    for (const other of [somebody(), { ...somebody(), role: "admin" }]) {
      const theft = markNotification(engine, { actor: other, notificationId, as: "opened" });
      await expect(theft).rejects.toMatchObject({ code: "notification_not_found" });
    }
    expect((await list(actor, { unread: true })).total).toBe(2);
    await markNotification(engine, { actor, notificationId, as: "opened" });
    const opened = (await list(actor)).notifications[1];
    expect(opened).toMatchObject({ openedAt: expect.any(String), clickedAt: null });
    await markNotification(engine, { actor, notificationId, as: "clicked" });
    await markNotification(engine, { actor, notificationId, as: "opened" });
    const clicked = (await list(actor)).notifications[1];
    expect(clicked).toMatchObject({ openedAt: opened?.openedAt, clickedAt: expect.any(String) });
    const unread = await list(actor, { unread: true });
    expect([unread.total, unread.notifications[0]?.id]).toEqual([1, second?.id]);
  });

  it("do not show what they have seen, do not want, or may not know", async () => {
    const { actor, chatId } = await newGroup("secret club");
    await say(chatId, "the secret");
    await sweepNotifications(engine);
    expect(JSON.stringify(await list(actor))).toContain("the secret");
    await removeMember(engine, { actor: alice, chatId, userId: actor.userId });
    const after = JSON.stringify(await list(actor));
    expect(after).not.toContain("secret");
    expect(after).not.toContain(chatId);
    await addMembers(engine, { actor: alice, chatId, userIds: [actor.userId] });
    await changeNotificationSettings(engine, { actor, change: { preferences: { chat_messages: false } } });
    await say(chatId, "again");
    await sweepNotifications(engine);
    expect((await list(actor)).total).toBe(1);
  });

  it("are shown at night, though they wait for the morning", async () => {
    const actor = somebody();
    await addTestDevice(engine, actor.userId);
    const now = new Date();
    const minute = now.getUTCHours() * 60 + now.getUTCMinutes();
    const quietHours = { from: minute, to: (minute + 120) % 1440, timeZone: "UTC" };
    await changeNotificationSettings(engine, { actor, change: { quietHours } });
    await notifyOrderStatus(engine, { actor, orderId: "o-4", status: "shipped" });
    await sweepNotifications(engine);
    expect((await list(actor)).notifications).toMatchObject([{ state: "waiting", reason: "quiet_hours" }]);
  });

  it("are made by the platform for anyone, and by people for themselves", async () => {
    const actor = somebody();
    const other = somebody().userId;
    const status = notifyOrderStatus(engine, { actor, orderId: "o", status: "x", userId: other });
    await expect(status).rejects.toMatchObject({ code: "forbidden" });
    const payment = notifyPaymentUpdate(engine, { actor, payment: "captured", amount: 1, userId: other });
    await expect(payment).rejects.toMatchObject({ code: "forbidden" });
    await notifyPaymentUpdate(engine, {
      actor,
      payment: "failed",
      amount: 12.5,
      currency: "EUR",
      orderId: "o-5",
    });
    const where = { userId: actor.userId };
    expect(await engine.database.prisma.notification.findMany({ where })).toMatchObject([
      { type: "payment", category: "order_updates", critical: true },
    ]);
  });
});

describe("settings", () => {
  it("have defaults, and change in parts", async () => {
    const actor = somebody();
    const standard = {
      preferences: { order_updates: true, chat_messages: true, promotional: false, system_alerts: true },
      mutedUntil: null,
      quietHours: null,
      locale: null,
    };
    expect(await getNotificationSettings(engine, { actor })).toEqual(standard);
    const mutedUntil = new Date(Date.now() + HOUR);
    const quietHours = { from: 1320, to: 420, timeZone: "Asia/Tokyo" };
    await Promise.all([
      changeNotificationSettings(engine, {
        actor,
        change: { preferences: { promotional: true }, locale: "ja" },
      }),
      changeNotificationSettings(engine, {
        actor,
        change: { preferences: { chat_messages: false }, quietHours },
      }),
      changeNotificationSettings(engine, { actor, change: { mutedUntil } }),
    ]);
    const changed = {
      preferences: { ...standard.preferences, promotional: true, chat_messages: false },
      mutedUntil: mutedUntil.toISOString(),
      quietHours,
      locale: "ja",
    };
    expect(await getNotificationSettings(engine, { actor })).toEqual(changed);
    const change = { mutedUntil: null, quietHours: null, locale: null };
    expect(await changeNotificationSettings(engine, { actor, change })).toEqual({
      ...standard,
      preferences: changed.preferences,
    });
    const past = await changeNotificationSettings(engine, { actor, change: { mutedUntil: new Date(0) } });
    expect(past.mutedUntil).toBeNull();
  });
});

describe("numbers", () => {
  it("are the same whether the hours are counted or not", async () => {
    const fresh = await createTestDatabase();
    const { engine: own } = openTestEngine(fresh.url);
    const drafts = (count: number, type: "system" | "payment") =>
      Array.from({ length: count }, () => ({ userId: "u", type, critical: false, data: {} }));
    await createNotifications(own, [...drafts(3, "system"), ...drafts(2, "payment")]);
    // Made five, four, … hours ago.
    await own.database.pool.query(`UPDATE notifications n SET created_at = now() - o.hours * interval '1 hour',
      id = new_notification_id(now() - o.hours * interval '1 hour')
      FROM (SELECT id, row_number() OVER (ORDER BY id) AS hours FROM notifications) o WHERE o.id = n.id`);
    await createNotifications(own, drafts(1, "system"));
    const before = await notificationStats(own, { hours: 24 });
    expect(before).toMatchObject({ total: 6, byType: { system: 4, payment: 2 }, activeSubscriptions: 0 });
    const counted = async () => own.database.prisma.notificationTotal.count({ where: { type: "all" } });
    await sweepNotifications(own);
    expect(await counted()).toBeGreaterThanOrEqual(4);
    expect(await notificationStats(own, { hours: 24 })).toEqual(before);
    const hours = await counted();
    await sweepNotifications(own);
    expect(await counted()).toBe(hours);
    // Counted once and for all: pruning takes nothing away.
    expect(await pruneNotifications(own, { olderThanMs: 2.5 * HOUR })).toBe(3);
    expect((await notificationStats(own, { hours: 24 })).total).toBe(6);
    await closeEngine(own);
    await fresh.drop();
  });

  it("tell what became of deliveries, by type, push service and variant", async () => {
    const fresh = await createTestDatabase();
    const { engine: own } = openTestEngine(fresh.url);
    expect((await notificationStats(own, { hours: 1 })).deliveries).toMatchObject({
      successRate: null,
      latencyMs: null,
    });
    await addTestDevice(own, "u");
    const draft = { userId: "u", type: "system" as const, critical: false, data: { title: "t", body: "b" } };
    const ids = await createNotifications(own, Array(10).fill(draft));
    await own.database.pool.query(
      "UPDATE notifications SET variant = CASE WHEN id = ANY ($1) THEN 'a' ELSE 'b' END",
      [ids.slice(0, 4)],
    );
    await sweepNotifications(own);
    const claimed = await claimDeliveries(own, { notificationIds: ids });
    const outcomes = claimed.map((one) => ({
      ...one,
      outcome: one.notificationId === ids[0] ? ("refused" as const) : ("accepted" as const),
      statusCode: 201,
    }));
    // One of the second variant stays open.
    await recordDeliveries(own, { outcomes: outcomes.filter((one) => one.notificationId !== ids[9]) });
    await markNotification(own, {
      actor: { userId: "u", role: "user" },
      notificationId: ids[1] ?? "",
      as: "clicked",
    });
    const stats = await notificationStats(own, { hours: 1 });
    expect(stats.deliveries).toMatchObject({ deliveries: 10, opened: 1, clicked: 1 });
    expect(stats.deliveries.successRate).toBeCloseTo(8 / 9);
    const { p50 = -1, p95 = -1, p99 = -1 } = stats.deliveries.latencyMs ?? {};
    expect(p50 >= 0 && p95 >= p50 && p99 >= p95).toBe(true);
    expect(stats.deliveriesByType.system).toEqual(stats.deliveries);
    expect(stats.deliveriesByOrigin["https://fcm.googleapis.com"]).toEqual(stats.deliveries);
    expect(stats.deliveriesByVariant.a).toMatchObject({ deliveries: 4, accepted: 3, successRate: 0.75 });
    expect(stats.deliveriesByVariant.b?.deliveries).toBe(6);
    const longAgo = new Date(Date.now() + 2 * HOUR);
    expect((await notificationStats(own, { hours: 1, now: longAgo })).deliveries.deliveries).toBe(0);
    await closeEngine(own);
    await fresh.drop();
  });

  it("forget old notifications with their deliveries", async () => {
    const actor = somebody();
    await addTestDevice(engine, actor.userId);
    await notifyOrderStatus(engine, { actor, orderId: "o-9", status: "shipped" });
    await sweepNotifications(engine);
    const { notifications } = await list(actor);
    await claimDeliveries(engine, { notificationIds: notifications.map(({ id }) => id) });
    expect(await engine.database.prisma.delivery.count()).toBeGreaterThan(0);
    const now = new Date(Date.now() + 50 * HOUR);
    expect(await pruneNotifications(engine, { olderThanMs: 51 * HOUR, now })).toBe(0);
    expect(await pruneNotifications(engine, { olderThanMs: 49 * HOUR, now })).toBeGreaterThan(0);
    expect(await engine.database.prisma.notification.count()).toBe(0);
    expect(await engine.database.prisma.delivery.count()).toBe(0);
  });
});

it("the database sorts every type into a category that people can want", async () => {
  const { rows } = await engine.database.pool.query<{ type: string; category: string }>(
    "SELECT t AS type, notification_category(t) AS category FROM unnest($1::text[]) t",
    [NOTIFICATION_TYPES],
  );
  expect(Object.fromEntries(rows.map(({ type, category }) => [type, category]))).toEqual({
    new_message: "chat_messages",
    group_message: "chat_messages",
    order_update: "order_updates",
    payment: "order_updates",
    new_order: "order_updates",
    receipt: "order_updates",
    system: "system_alerts",
    campaign: "promotional",
  });
  expect([...new Set(rows.map(({ category }) => category))].toSorted()).toEqual(
    [...NOTIFICATION_CATEGORIES].toSorted(),
  );
});
