import { randomUUID } from "node:crypto";
import {
  addTestDevice,
  createTestDatabase,
  openTestEngine,
  type TestDatabase,
  type TestEngine,
} from "@parley/testing";
import { afterAll, afterEach, beforeAll, describe, expect, it, test } from "vitest";
import { createChat } from "../chats/create-chat.js";
import { muteChat } from "../chats/mute-chat.js";
import type { Engine } from "../engine.js";
import { deleteMessage } from "../messages/delete-message.js";
import { sendMessage } from "../messages/send-message.js";
import { closeEngine, poolStats } from "../open-engine.js";
import { markRead } from "../receipts/mark-read.js";
import { collectDueChats } from "./collect-due-chats.js";
import { createNotifications } from "./create-notifications.js";
import { decideNotifications } from "./decide-notifications.js";
import { changeNotificationSettings } from "./notification-settings.js";
import { nobodyIsPresent, type PresenceAnswer } from "./presence-port.js";

const alice = { userId: "alice", role: "user" };

let database: TestDatabase;
let node: TestEngine;
let engine: Engine;

beforeAll(async () => {
  database = await createTestDatabase();
  node = openTestEngine(database.url);
  ({ engine } = node);
});

afterEach(() => {
  engine.presence = nobodyIsPresent;
});

afterAll(async () => {
  await closeEngine(engine);
  await database.drop();
});

async function newMessage() {
  const actor = { userId: `reader-${randomUUID()}`, role: "user" };
  await addTestDevice(engine, actor.userId);
  const request = { type: "direct" as const, userId: actor.userId };
  const { id: chatId } = await createChat(engine, { actor: alice, request });
  const message = await say(chatId);
  const { notificationIds } = await collectDueChats(engine, { chatIds: [chatId] });
  return { actor, chatId, message, notificationIds };
}

const say = (chatId: string) =>
  sendMessage(engine, { actor: alice, chatId, draft: { content: "hello", type: "text" } });

const everyoneIs = (answer: PresenceAnswer | null) => {
  engine.presence = async (questions) => questions.map(() => answer);
};

type Written = Awaited<ReturnType<typeof newMessage>>;

const tomorrow = new Date(Date.now() + 86_400_000);

describe("the facts of a decision come from where they stand", () => {
  test.each<[string, (written: Written) => unknown, string]>([
    ["nothing else", () => undefined, "push"],
    [
      "a position past it",
      ({ actor, chatId, message }) => markRead(engine, { actor, chatId, messageIds: [message.id] }),
      "read",
    ],
    [
      "a deletion",
      ({ chatId, message }) => deleteMessage(engine, { actor: alice, chatId, messageId: message.id }),
      "message_deleted",
    ],
    [
      "a mute of the chat",
      ({ actor, chatId }) => muteChat(engine, { actor, chatId, until: null }),
      "chat_muted",
    ],
    [
      "a mute of everything",
      ({ actor }) => changeNotificationSettings(engine, { actor, change: { mutedUntil: tomorrow } }),
      "muted",
    ],
    [
      "an unwanted category",
      ({ actor }) =>
        changeNotificationSettings(engine, { actor, change: { preferences: { chat_messages: false } } }),
      "category_off",
    ],
    [
      "another unwanted category",
      ({ actor }) =>
        changeNotificationSettings(engine, { actor, change: { preferences: { order_updates: false } } }),
      "push",
    ],
    [
      "no device",
      ({ actor }) => engine.database.prisma.pushSubscription.deleteMany({ where: { userId: actor.userId } }),
      "no_subscription",
    ],
    [
      "no place in the chat",
      ({ actor }) =>
        engine.database.prisma.member.updateMany({
          where: { userId: actor.userId },
          data: { leftAt: new Date() },
        }),
      "not_member",
    ],
    [
      "a screen with the chat on it",
      () => everyoneIs({ status: "online", viewingRenewedMsAgo: -60_000 }),
      "viewing",
    ],
    [
      "a screen of a node that is silent",
      () => everyoneIs({ status: "online", viewingRenewedMsAgo: 60_000 }),
      "wait viewing",
    ],
    [
      "a screen elsewhere",
      () => everyoneIs({ status: "online", viewingRenewedMsAgo: null }),
      "wait other_device",
    ],
    ["presence that is not known", () => everyoneIs(null), "push"],
    [
      "presence that fails",
      () => {
        engine.presence = () => Promise.reject(new Error("Redis is away"));
      },
      "push",
    ],
  ])("%s", async (...[, change, expected]) => {
    const written = await newMessage();
    await change(written);
    const { notificationIds } = written;
    const decided = await decideNotifications(engine, { which: { notificationIds } });
    const { state, reason } = await engine.database.prisma.notification.findUniqueOrThrow({
      where: { id: notificationIds[0] ?? "" },
    });
    const said = { due: "push", waiting: `wait ${reason}`, suppressed: `${reason}` }[state as "due"];
    expect(said).toBe(expected);
    expect(decided.due.length + decided.waiting.length + decided.suppressed.length).toBe(1);
  });

  it("quiet hours of their own place", async () => {
    const zones = ["Asia/Tokyo", "Europe/Paris", "America/New_York"];
    const now = new Date("2026-01-15T23:30:00Z");
    const waits: Array<string | undefined> = [];
    for (const timeZone of zones) {
      const { actor, notificationIds } = await newMessage();
      const change = { quietHours: { from: 22 * 60, to: 7 * 60, timeZone } };
      await changeNotificationSettings(engine, { actor, change });
      await engine.database.pool.query(
        "UPDATE notifications SET created_at = $2, due_at = $2 WHERE user_id = $1",
        [actor.userId, now],
      );
      const { waiting } = await decideNotifications(engine, { which: { notificationIds }, now });
      waits.push(waiting[0]?.until.toISOString());
    }
    // 08:30, 00:30 and 18:30 there.
    expect(waits).toEqual([undefined, "2026-01-16T06:00:00.000Z", undefined]);
  });

  it("and is not decided again before its time", async () => {
    const { actor, notificationIds } = await newMessage();
    everyoneIs({ status: "online", viewingRenewedMsAgo: null });
    await decideNotifications(engine, { which: { notificationIds }, rules: { delayMs: 60_000 } });
    const undecided = { due: [], waiting: [], suppressed: [], live: [], stale: [] };
    expect(await decideNotifications(engine, { which: { notificationIds } })).toMatchObject(undecided);
    const now = new Date(Date.now() + 60_000);
    expect(await decideNotifications(engine, { which: { notificationIds }, now })).toMatchObject({
      due: notificationIds,
    });
    expect(actor.userId).toContain("reader");
  });
});

describe("many decisions at once", () => {
  it("take two statements, however many people they are about", async () => {
    const actor = { userId: `owner-${randomUUID()}`, role: "user" };
    const memberIds = Array.from({ length: 400 }, () => `member-${randomUUID()}`);
    const request = { type: "group" as const, name: "g", memberIds };
    const { id: chatId } = await createChat(engine, { actor, request });
    await sendMessage(engine, { actor, chatId, draft: { content: "x", type: "text" } });
    const { notificationIds } = await collectDueChats(engine, { chatIds: [chatId] });
    const { statements } = poolStats(engine);
    const decided = await decideNotifications(engine, { which: { notificationIds } });
    expect(decided.suppressed).toHaveLength(400);
    expect(poolStats(engine).statements - statements).toBe(2);
  });

  it("decide each once, whoever is faster", async () => {
    const userId = `busy-${randomUUID()}`;
    await addTestDevice(engine, userId);
    const drafts = Array.from({ length: 20 }, () => ({
      userId,
      type: "system" as const,
      critical: false,
      data: { title: "t", body: "b" },
    }));
    const notificationIds = await createNotifications(engine, drafts);
    const decided = await Promise.all(
      Array.from({ length: 5 }, () => decideNotifications(engine, { which: { notificationIds } })),
    );
    expect(decided.flatMap(({ due }) => due).toSorted()).toEqual(notificationIds.toSorted());
  });

  it("are made anew for what a message has changed meanwhile", async () => {
    const { actor, chatId, message, notificationIds } = await newMessage();
    await markRead(engine, { actor, chatId, messageIds: [message.id] });
    let asked = 0;
    engine.presence = async (questions) => {
      asked++;
      // Between the facts and the decision the next message joins: what was read is not all any more.
      if (asked === 1) {
        await say(chatId);
        await collectDueChats(engine, { chatIds: [chatId] });
      }
      return questions.map(() => null);
    };
    const decided = await decideNotifications(engine, { which: { notificationIds } });
    expect(asked).toBe(2);
    expect(decided).toMatchObject({ due: notificationIds, suppressed: [], stale: [] });
  });

  it("tell of everything that was left, in however many statements", async () => {
    const drafts = Array.from({ length: 501 }, () => ({
      userId: `many-${randomUUID()}`,
      type: "system" as const,
      critical: false,
      data: {},
    }));
    const notificationIds = await createNotifications(engine, drafts);
    const client = await engine.database.pool.connect();
    await client.query("BEGIN");
    await client.query("SELECT 1 FROM notifications WHERE id = $1 FOR UPDATE", [notificationIds[0]]);
    const decided = await decideNotifications(engine, { which: { notificationIds } });
    await client.query("ROLLBACK");
    client.release();
    expect([decided.stale, decided.suppressed.length]).toEqual([[notificationIds[0]], 500]);
  });

  it("leave what somebody else is changing at the moment", async () => {
    const { notificationIds } = await newMessage();
    const client = await engine.database.pool.connect();
    await client.query("BEGIN");
    await client.query("SELECT 1 FROM notifications WHERE id = ANY ($1) FOR UPDATE", [notificationIds]);
    const decided = await decideNotifications(engine, { which: { notificationIds } });
    await client.query("ROLLBACK");
    client.release();
    expect(decided).toMatchObject({ due: [], stale: notificationIds });
    expect((await decideNotifications(engine, { which: { limit: 500 } })).due).toContain(notificationIds[0]);
  });
});

describe("somebody whose node is silent", () => {
  it("is pushed after three waits, and not when the node comes back", async () => {
    const [dead, alive] = [await newMessage(), await newMessage()];
    everyoneIs({ status: "online", viewingRenewedMsAgo: 60_000 });
    const waited: number[] = [];
    for (let round = 0; round < 4; round++) {
      const now = new Date(Date.now() + round * 6_000);
      const which = { notificationIds: dead.notificationIds };
      const { waiting } = await decideNotifications(engine, { which, now });
      waited.push(waiting.length);
    }
    expect(waited).toEqual([1, 1, 1, 0]);
    await decideNotifications(engine, { which: { notificationIds: alive.notificationIds } });
    everyoneIs({ status: "online", viewingRenewedMsAgo: 1_000 });
    const now = new Date(Date.now() + 6_000);
    const which = { notificationIds: alive.notificationIds };
    expect((await decideNotifications(engine, { which, now })).suppressed).toMatchObject([
      { reason: "viewing" },
    ]);
  });
});
