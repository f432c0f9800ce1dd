import { randomUUID } from "node:crypto";
import {
  addTestDevice,
  createTestDatabase,
  openTestEngine,
  type TestDatabase,
  type TestEngine,
} from "@parley/testing";
import { afterAll, beforeAll, describe, expect, it, test, vi } from "vitest";
import { createChat } from "../chats/create-chat.js";
import type { Engine } from "../engine.js";
import { deleteMessage } from "../messages/delete-message.js";
import { sendMessage } from "../messages/send-message.js";
import { closeEngine } from "../open-engine.js";
import { markRead } from "../receipts/mark-read.js";
import { type ClaimedDelivery, claimDeliveries } from "./claim-deliveries.js";
import { collectDueChats } from "./collect-due-chats.js";
import { decideNotifications } from "./decide-notifications.js";
import { MOST_ATTEMPTS } from "./delivery-retries.js";
import { type DeliveryOutcome, recordDeliveries } from "./record-deliveries.js";
import { subscribe, unsubscribe } from "./subscribe.js";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

let database: TestDatabase;
let node: TestEngine;
let engine: Engine;

beforeAll(async () => {
  database = await createTestDatabase();
  node = openTestEngine(database.url);
  ({ engine } = node);
});

afterAll(async () => {
  await closeEngine(engine);
  await database.drop();
});

/** A message of one new person to another, with its notification decided: due. */
async function duePush(devices = 1) {
  const [from, to] = [`from-${randomUUID()}`, `to-${randomUUID()}`];
  const actor = { userId: from, role: "user" };
  for (let count = 0; count < devices; count++) await addTestDevice(engine, to);
  const request = { type: "direct" as const, userId: to };
  const { id: chatId } = await createChat(engine, { actor, request });
  const message = await sendMessage(engine, { actor, chatId, draft: { type: "text", content: "hello" } });
  const { notificationIds } = await collectDueChats(engine, { chatIds: [chatId] });
  const decided = await decideNotifications(engine, { which: { notificationIds } });
  expect(decided).toMatchObject({ due: notificationIds, waiting: [], suppressed: [], stale: [] });
  return { chatId, message, actor, reader: { userId: to, role: "user" }, notificationIds };
}

const stateOf = async (id: string | undefined) => {
  const { state, reason } = await engine.database.prisma.notification.findUniqueOrThrow({
    where: { id: id ?? "" },
  });
  return { state, reason };
};

const outcome = (
  claimed: ClaimedDelivery,
  what: DeliveryOutcome["outcome"],
  more: Partial<DeliveryOutcome> = {},
): DeliveryOutcome => ({ ...claimed, outcome: what, statusCode: null, ...more });

const later = (ms: number) => new Date(Date.now() + ms);

describe("a due notification", () => {
  it("goes to every device of the person, once", async () => {
    const { notificationIds } = await duePush(3);
    const claimed = await claimDeliveries(engine, { notificationIds });
    expect(claimed).toHaveLength(3);
    expect(new Set(claimed.map(({ subscriptionId }) => subscriptionId)).size).toBe(3);
    expect(claimed[0]).toMatchObject({ attempt: 1, urgency: "high", payload: { body: "hello" } });
    expect(claimed[0]?.ttlSeconds).toBeGreaterThan(24 * 3600 - 60);
    expect(await claimDeliveries(engine, { notificationIds })).toEqual([]);
    const outcomes = claimed.map((one) => outcome(one, "accepted", { statusCode: 201 }));
    expect(await recordDeliveries(engine, { outcomes })).toEqual([
      { id: notificationIds[0], state: "sent", nextAt: null },
    ]);
    expect(await claimDeliveries(engine, { notificationIds, now: later(2 * MINUTE) })).toEqual([]);
  });

  it("is claimed by one of many that ask at once", async () => {
    const { notificationIds } = await duePush(2);
    // In the same millisecond, too.
    const now = later(1_000);
    const claims = await Promise.all(
      Array.from({ length: 5 }, () => claimDeliveries(engine, { notificationIds, now })),
    );
    expect(claims.map(({ length }) => length).toSorted()).toEqual([0, 0, 0, 0, 2]);
  });

  it("is left to whoever is at it, without waiting for them", async () => {
    const [held, free] = [await duePush(), await duePush()];
    const holder = await engine.database.pool.connect();
    await holder.query("BEGIN");
    await holder.query("SELECT 1 FROM notifications WHERE id = ANY ($1) FOR UPDATE", [held.notificationIds]);
    const notificationIds = [...held.notificationIds, ...free.notificationIds];
    const claimed = await claimDeliveries(engine, { notificationIds });
    expect(claimed.map((one) => one.notificationId)).toEqual(free.notificationIds);
    await holder.query("ROLLBACK");
    holder.release();
    expect(await claimDeliveries(engine, { notificationIds })).toHaveLength(1);
  });

  it("is given out again when whoever had it does not come back", async () => {
    const { notificationIds } = await duePush();
    const [lost] = await claimDeliveries(engine, { notificationIds });
    expect(await claimDeliveries(engine, { notificationIds, now: later(MINUTE - 30_000) })).toEqual([]);
    const [again] = await claimDeliveries(engine, { notificationIds, now: later(MINUTE + 1_000) });
    expect(again).toMatchObject({ subscriptionId: lost?.subscriptionId, attempt: 2 });
    // The one who was taken for dead: a refusal is too late, a yes is a yes.
    if (lost === undefined || again === undefined) throw new Error("nothing was claimed");
    await recordDeliveries(engine, { outcomes: [outcome(lost, "refused")] });
    expect(await stateOf(notificationIds[0])).toEqual({ state: "due", reason: null });
    await recordDeliveries(engine, { outcomes: [outcome(lost, "accepted")] });
    expect(await stateOf(notificationIds[0])).toEqual({ state: "sent", reason: null });
    await recordDeliveries(engine, { outcomes: [outcome(again, "retry_later")] });
    expect(await stateOf(notificationIds[0])).toEqual({ state: "sent", reason: null });
  });

  it("is tried again on the device that failed, when the push service says", async () => {
    const { notificationIds } = await duePush(2);
    const [good, busy] = await claimDeliveries(engine, { notificationIds });
    if (good === undefined || busy === undefined) throw new Error("nothing was claimed");
    const outcomes = [
      outcome(good, "accepted"),
      outcome(busy, "retry_later", { statusCode: 429, retryAfterMs: 30_000 }),
    ];
    const now = new Date();
    const [recorded] = await recordDeliveries(engine, { outcomes, now });
    expect(recorded).toMatchObject({ state: "due", nextAt: new Date(now.getTime() + 30_000) });
    expect(await claimDeliveries(engine, { notificationIds, now: later(5_000) })).toEqual([]);
    const again = await claimDeliveries(engine, { notificationIds, now: later(31_000) });
    expect(again).toMatchObject([{ subscriptionId: busy.subscriptionId, attempt: 2 }]);
  });

  it("is given up after so many tries, and after a day", async () => {
    const { notificationIds } = await duePush();
    let at = Date.now();
    for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt++) {
      const claimed = await claimDeliveries(engine, { notificationIds, now: new Date(at) });
      expect(claimed).toMatchObject([{ attempt }]);
      const outcomes = claimed.map((one) => outcome(one, "retry_later"));
      const [recorded] = await recordDeliveries(engine, { outcomes, now: new Date(at) });
      at = recorded?.nextAt?.getTime() ?? at;
    }
    expect(await stateOf(notificationIds[0])).toEqual({ state: "failed", reason: "expired" });
    expect(at - Date.now()).toBeGreaterThan(2 * HOUR);

    const other = await duePush();
    const [claimed] = await claimDeliveries(engine, { notificationIds: other.notificationIds });
    if (claimed === undefined) throw new Error("nothing was claimed");
    const asked = outcome(claimed, "retry_later", { retryAfterMs: 25 * HOUR });
    await recordDeliveries(engine, { outcomes: [asked] });
    expect(await stateOf(other.notificationIds[0])).toEqual({ state: "failed", reason: "expired" });

    const third = await duePush();
    const now = later(25 * HOUR);
    expect(await claimDeliveries(engine, { notificationIds: third.notificationIds, now })).toEqual([]);
    expect(await stateOf(third.notificationIds[0])).toEqual({ state: "failed", reason: "expired" });
  });

  it("has every worker that takes it die so many times at most", async () => {
    const { notificationIds } = await duePush();
    for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt++) {
      const now = later(attempt * 2 * MINUTE);
      expect(await claimDeliveries(engine, { notificationIds, now })).toMatchObject([{ attempt }]);
    }
    const now = later((MOST_ATTEMPTS + 1) * 2 * MINUTE);
    expect(await claimDeliveries(engine, { notificationIds, now })).toEqual([]);
    expect(await stateOf(notificationIds[0])).toEqual({ state: "failed", reason: "expired" });
  });

  it("has all of its tries left, however often it was held back before one", async () => {
    const { notificationIds } = await duePush();
    let at = Date.now();
    const claimAndSay = async (what: "retry_later" | "held_back", statusCode: number | null) => {
      const claimed = await claimDeliveries(engine, { notificationIds, now: new Date(at) });
      expect(claimed).toHaveLength(1);
      const outcomes = claimed.map((one) => outcome(one, what, { statusCode, retryAfterMs: MINUTE }));
      await recordDeliveries(engine, { outcomes, now: new Date(at) });
      // Twice, as after an answer that was lost.
      await recordDeliveries(engine, { outcomes, now: new Date(at) });
      at += MINUTE;
      return (await stateOf(notificationIds[0])).state;
    };
    const read = () =>
      engine.database.prisma.delivery.findFirst({ where: { notificationId: notificationIds[0] ?? "" } });
    for (let count = 0; count < MOST_ATTEMPTS; count++) {
      expect(await claimAndSay("held_back", null)).toBe("due");
      expect((await read())?.statusCode).toBe(count === 0 ? null : 503);
      expect(await claimAndSay("retry_later", 503)).toBe(count < MOST_ATTEMPTS - 1 ? "due" : "failed");
    }
    expect(await read()).toMatchObject({
      attempts: 2 * MOST_ATTEMPTS,
      heldBack: MOST_ATTEMPTS,
      state: "expired",
    });
  });

  it("ends with its day when nobody was ever asked, and no earlier", async () => {
    const { notificationIds } = await duePush();
    let at = Date.now();
    let claims = 0;
    vi.spyOn(Math, "random").mockReturnValue(0);
    while ((await stateOf(notificationIds[0])).state === "due") {
      const claimed = await claimDeliveries(engine, { notificationIds, now: new Date(at) });
      claims += claimed.length;
      const outcomes = claimed.map((one) => outcome(one, "held_back"));
      const [recorded] = await recordDeliveries(engine, { outcomes, now: new Date(at) });
      at = recorded?.nextAt?.getTime() ?? at;
    }
    vi.restoreAllMocks();
    expect(at).toBeGreaterThan(Date.now() + 23 * HOUR);
    expect(claims).toBeGreaterThan(MOST_ATTEMPTS);
    expect(await stateOf(notificationIds[0])).toEqual({ state: "failed", reason: "expired" });
  });
});

describe("what need not be pushed any more ends without a push", () => {
  test.each<[string, (due: Awaited<ReturnType<typeof duePush>>) => Promise<unknown>, object]>([
    [
      "read",
      ({ chatId, message, reader }) => markRead(engine, { actor: reader, chatId, messageIds: [message.id] }),
      { state: "cancelled", reason: "read" },
    ],
    [
      "deleted",
      ({ chatId, message, actor }) => deleteMessage(engine, { actor, chatId, messageId: message.id }),
      { state: "cancelled", reason: "message_deleted" },
    ],
    [
      "of a chat that they are out of",
      ({ chatId, reader }) =>
        engine.database.pool.query("UPDATE members SET left_at = now() WHERE chat_id = $1 AND user_id = $2", [
          chatId,
          reader.userId,
        ]),
      { state: "cancelled", reason: "not_member" },
    ],
    [
      "without a device by now",
      ({ reader }) =>
        engine.database.prisma.pushSubscription.deleteMany({ where: { userId: reader.userId } }),
      { state: "suppressed", reason: "no_subscription" },
    ],
  ])("%s", async (...[, change, end]) => {
    const due = await duePush();
    await change(due);
    expect(await claimDeliveries(engine, { notificationIds: due.notificationIds })).toEqual([]);
    expect(await stateOf(due.notificationIds[0])).toEqual(end);
  });

  it("but what one device has taken counts as sent", async () => {
    const { notificationIds, chatId, message, reader } = await duePush(2);
    const [taken, open] = await claimDeliveries(engine, { notificationIds });
    if (taken === undefined || open === undefined) throw new Error("nothing was claimed");
    const retry = outcome(open, "retry_later", { retryAfterMs: 1_000 });
    await recordDeliveries(engine, { outcomes: [outcome(taken, "accepted"), retry] });
    await markRead(engine, { actor: reader, chatId, messageIds: [message.id] });
    expect(await claimDeliveries(engine, { notificationIds, now: later(MINUTE) })).toEqual([]);
    expect(await stateOf(notificationIds[0])).toEqual({ state: "sent", reason: null });
  });
});

describe("a push service's no", () => {
  it("takes the subscription away when it knows it no more", async () => {
    const { notificationIds, reader } = await duePush();
    const claimed = await claimDeliveries(engine, { notificationIds });
    const outcomes = claimed.map((one) => outcome(one, "gone", { statusCode: 410 }));
    await recordDeliveries(engine, { outcomes });
    expect(await stateOf(notificationIds[0])).toEqual({ state: "failed", reason: "gone" });
    const where = { userId: reader.userId };
    expect(await engine.database.prisma.pushSubscription.count({ where })).toBe(0);
    expect(await engine.database.prisma.delivery.count({ where: { state: "gone" } })).toBeGreaterThan(0);
  });

  it("does not take away a browser that has come back with new keys", async () => {
    const { notificationIds, reader } = await duePush();
    const [claimed] = await claimDeliveries(engine, { notificationIds });
    if (claimed === undefined) throw new Error("nothing was claimed");
    const { endpoint, p256dh } = claimed;
    const keys = { p256dh, auth: Buffer.alloc(16, 7).toString("base64url") };
    expect(await subscribe(engine, { actor: reader, endpoint, keys })).toBe("refreshed");
    await recordDeliveries(engine, { outcomes: [outcome(claimed, "gone", { statusCode: 410 })] });
    const where = { userId: reader.userId };
    expect(await engine.database.prisma.pushSubscription.findMany({ where })).toMatchObject([keys]);
  });

  it("for good is kept as the reason", async () => {
    const { notificationIds } = await duePush();
    const claimed = await claimDeliveries(engine, { notificationIds });
    await recordDeliveries(engine, { outcomes: claimed.map((one) => outcome(one, "refused")) });
    expect(await stateOf(notificationIds[0])).toEqual({ state: "failed", reason: "refused" });
  });
});

describe("a device that changes its mind between two tries", () => {
  async function failedOnce() {
    const due = await duePush();
    const [claimed] = await claimDeliveries(engine, { notificationIds: due.notificationIds });
    if (claimed === undefined) throw new Error("nothing was claimed");
    const retry = outcome(claimed, "retry_later", { retryAfterMs: 1_000 });
    await recordDeliveries(engine, { outcomes: [retry] });
    return { ...due, claimed };
  }

  it("and is taken off gets nothing more", async () => {
    const { notificationIds, reader, claimed } = await failedOnce();
    await unsubscribe(engine, { actor: reader, endpoint: claimed.endpoint });
    expect(await claimDeliveries(engine, { notificationIds, now: later(MINUTE) })).toEqual([]);
    expect(await stateOf(notificationIds[0])).toEqual({ state: "failed", reason: "gone" });
  });

  it("and changes hands does not bring it to the new person", async () => {
    const { notificationIds, claimed } = await failedOnce();
    const { endpoint, p256dh, auth } = claimed;
    const heir = { userId: `heir-${randomUUID()}`, role: "user" };
    expect(await subscribe(engine, { actor: heir, endpoint, keys: { p256dh, auth } })).toBe("moved");
    expect(await claimDeliveries(engine, { notificationIds, now: later(MINUTE) })).toEqual([]);
  });
});
