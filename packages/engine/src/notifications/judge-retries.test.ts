import { randomUUID } from "node:crypto";
import { addTestDevice, createTestDatabase, openTestEngine, type TestDatabase } from "@parley/testing";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { createChat } from "../chats/create-chat.js";
import { muteChat } from "../chats/mute-chat.js";
import type { Engine } from "../engine.js";
import { removeMember } from "../members/remove-member.js";
import { sendMessage } from "../messages/send-message.js";
import { closeEngine } from "../open-engine.js";
import { markRead } from "../receipts/mark-read.js";
import { claimDeliveries } from "./claim-deliveries.js";
import { collectDueChats } from "./collect-due-chats.js";
import { createNotifications } from "./create-notifications.js";
import { decideNotifications } from "./decide-notifications.js";
import { explainNotification } from "./explain-notification.js";
import { changeNotificationSettings, type SettingsChange } from "./notification-settings.js";
import { quietUntil } from "./quiet-hours.js";
import { recordDeliveries } from "./record-deliveries.js";

const alice = { userId: "alice", role: "user" };
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

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

const later = (ms: number) => new Date(Date.now() + ms);

/** A message whose push has failed on the first of the reader's devices, is to be tried again after a second, and was accepted on the others. */
async function failedOnce(devices = 1) {
  const actor = { userId: `reader-${randomUUID()}`, role: "user" };
  for (let count = 0; count < devices; count++) await addTestDevice(engine, actor.userId);
  const request = { type: "group" as const, name: "g", memberIds: [actor.userId] };
  const { id: chatId } = await createChat(engine, { actor: alice, request });
  const message = await sendMessage(engine, {
    actor: alice,
    chatId,
    draft: { content: "hello", type: "text" },
  });
  const { notificationIds } = await collectDueChats(engine, { chatIds: [chatId] });
  await decideNotifications(engine, { which: { notificationIds } });
  await failOnce(notificationIds);
  const claim = (now = later(5_000)) => claimDeliveries(engine, { notificationIds, now });
  const explain = () => explainNotification(engine, { actor, messageId: message.id, userId: actor.userId });
  return { actor, chatId, message, notificationIds, claim, explain };
}

async function failOnce(notificationIds: string[]) {
  const claimed = await claimDeliveries(engine, { notificationIds });
  const outcomes = claimed.map((one, place) => ({
    ...one,
    outcome: place === 0 ? ("retry_later" as const) : ("accepted" as const),
    statusCode: null,
    retryAfterMs: 1_000,
  }));
  await recordDeliveries(engine, { outcomes });
}

type Failed = Awaited<ReturnType<typeof failedOnce>>;

const set =
  (change: SettingsChange) =>
  ({ actor }: Failed) =>
    changeNotificationSettings(engine, { actor, change });

describe("a push that is tried again", () => {
  test.each<[string, (failed: Failed) => unknown, { outcome: string; reason: string }]>([
    [
      "was read",
      ({ actor, chatId, message }) => markRead(engine, { actor, chatId, messageIds: [message.id] }),
      { outcome: "cancelled", reason: "read" },
    ],
    [
      "is of a chat that they left",
      ({ actor, chatId }) => removeMember(engine, { actor, chatId, userId: actor.userId }),
      { outcome: "cancelled", reason: "not_member" },
    ],
    [
      "is of a chat that they muted",
      ({ actor, chatId }) => muteChat(engine, { actor, chatId, until: null }),
      { outcome: "cancelled", reason: "chat_muted" },
    ],
    [
      "comes while everything is muted",
      set({ mutedUntil: later(HOUR) }),
      { outcome: "cancelled", reason: "muted" },
    ],
    [
      "is of a category that they do not want any more",
      set({ preferences: { chat_messages: false } }),
      { outcome: "cancelled", reason: "category_off" },
    ],
  ])("is not sent when it %s, and that is the reason", async (...[, change, end]) => {
    const [failed, other] = [await failedOnce(), await failedOnce(2)];
    await change(failed);
    await change(other);
    expect(await failed.claim()).toEqual([]);
    expect(await failed.explain()).toMatchObject({ ...end, deliveries: [{ state: "expired" }] });
    expect(await other.claim()).toEqual([]);
    expect(await other.explain()).toMatchObject({ outcome: "sent", reason: null });
  });

  test.each<[string, (failed: Failed) => unknown]>([
    ["a mute that is over", set({ mutedUntil: later(1_000) })],
    [
      "a chat's mute that is over",
      ({ actor, chatId }) => muteChat(engine, { actor, chatId, until: later(1_000) }),
    ],
    ["another category", set({ preferences: { order_updates: false } })],
    ["what was wanted all along", set({ preferences: { chat_messages: true } })],
    ["quiet hours at another time", set({ quietHours: quietNow({ from: 1, to: 2 }) })],
  ])("is sent in spite of %s", async (...[, change]) => {
    const failed = await failedOnce();
    await change(failed);
    expect(await failed.claim(later(MINUTE))).toMatchObject([{ attempt: 2 }]);
  });

  it("waits for the end of quiet hours, and is then one try further", async () => {
    const { actor, claim, explain, notificationIds } = await failedOnce();
    const quietHours = quietNow({ from: -1, to: 1 });
    await changeNotificationSettings(engine, { actor, change: { quietHours } });
    const now = later(5_000);
    const end = quietUntil(now, quietHours);
    expect(await claim(now)).toEqual([]);
    expect(await claim(later(10_000))).toEqual([]);
    const { explanation, ...found } = await explain();
    expect(found).toMatchObject({
      outcome: "due",
      reason: "quiet_hours",
      dueAt: end?.toISOString(),
      deliveries: [{ state: "claimed", attempts: 1 }],
    });
    expect(explanation).toMatch("quiet hours");
    expect(await claim(new Date((end?.getTime() ?? 0) - 1))).toEqual([]);
    const claimed = await claim(end ?? undefined);
    expect(claimed).toMatchObject([{ attempt: 2 }]);
    expect((await explain()).reason).toBeNull();
    await recordDeliveries(engine, {
      outcomes: claimed.map((one) => ({ ...one, outcome: "accepted" as const, statusCode: 201 })),
    });
    const where = { id: { in: notificationIds } };
    expect(await engine.database.prisma.notification.findMany({ where })).toMatchObject([{ state: "sent" }]);
  });

  it("does not wait when it is critical", async () => {
    const actor = { userId: `payer-${randomUUID()}`, role: "user" };
    await addTestDevice(engine, actor.userId);
    const draft = { userId: actor.userId, type: "payment" as const, critical: true, data: {} };
    const notificationIds = await createNotifications(engine, [draft]);
    await decideNotifications(engine, { which: { notificationIds } });
    await failOnce(notificationIds);
    const change = { quietHours: quietNow({ from: -1, to: 1 }) };
    await changeNotificationSettings(engine, { actor, change });
    expect(await claimDeliveries(engine, { notificationIds, now: later(5_000) })).toHaveLength(1);
  });

  it("does not mind a time zone that the database does not know", async () => {
    const failed = await failedOnce();
    await set({ quietHours: quietNow({ from: -1, to: 1 }) })(failed);
    await engine.database.pool.query(
      "UPDATE notification_settings SET time_zone = 'Moon/Tycho' WHERE user_id = $1",
      [failed.actor.userId],
    );
    expect(await failed.claim()).toHaveLength(1);
  });
});

/** Quiet hours that begin and end so many hours from now. */
function quietNow({ from, to }: { from: number; to: number }) {
  const minutes = (hours: number) => {
    const at = later(hours * HOUR);
    return at.getUTCHours() * 60 + at.getUTCMinutes();
  };
  return { from: minutes(from), to: minutes(to), timeZone: "UTC" };
}

describe("the database's quiet hours", () => {
  it.each(["UTC", "Asia/Kolkata", "Europe/Paris", "America/New_York", "Australia/Lord_Howe"])(
    "are those of the decision, the whole year long, in %s",
    async (timeZone) => {
      const hours = [
        { from: 22 * 60, to: 7 * 60, timeZone },
        { from: 60, to: 150, timeZone },
        { from: 12 * 60, to: 13 * 60 + 30, timeZone },
      ];
      const moments = Array.from(
        { length: 11_200 },
        (_, place) => new Date(Date.UTC(2026, 0, 1) + place * 47 * MINUTE),
      );
      for (const quiet of hours) {
        const { rows } = await engine.database.pool.query<{ until: Date | null }>(
          "SELECT quiet_until(at, $2::smallint, $3::smallint, $4) AS until FROM unnest($1::timestamptz[]) AS m(at)",
          [moments, quiet.from, quiet.to, timeZone],
        );
        const differing = moments.flatMap((moment, place) => {
          const [ours, theirs] = [quietUntil(moment, quiet), rows[place]?.until ?? null];
          const apart = (theirs?.getTime() ?? 0) - (ours?.getTime() ?? 0);
          // In the night in which the end is skipped, it may be half an hour late.
          return apart === 0 || (quiet.to === 150 && apart === 30 * MINUTE) ? [] : [{ moment, ours, theirs }];
        });
        expect(differing).toEqual([]);
      }
    },
  );
});
