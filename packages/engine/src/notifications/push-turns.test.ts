import { randomUUID } from "node:crypto";
import { addTestDevice, createTestDatabase, openTestEngine, type TestDatabase } from "@parley/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createChat } from "../chats/create-chat.js";
import type { Engine } from "../engine.js";
import { sendMessage } from "../messages/send-message.js";
import { closeEngine } from "../open-engine.js";
import { collectDueChats } from "./collect-due-chats.js";
import { createNotifications } from "./create-notifications.js";
import { decideNotifications } from "./decide-notifications.js";
import { listNotifications } from "./list-notifications.js";

const MINUTE = 60_000;
const DAY = 24 * 3_600_000;
const rules = { perMinute: 3 };

let database: TestDatabase;
let engine: Engine;
let start: number;

beforeAll(async () => {
  database = await createTestDatabase();
  ({ engine } = openTestEngine(database.url));
});

beforeEach(async () => {
  // What an earlier test left is done.
  await engine.database.pool.query("UPDATE notifications SET state = 'sent'");
  start = Date.now();
});

afterAll(async () => {
  await closeEngine(engine);
  await database.drop();
});

const after = (ms: number) => new Date(start + ms);

async function newReader() {
  const userId = `reader-${randomUUID()}`;
  await addTestDevice(engine, userId);
  return { userId, role: "user" };
}

/** A chat of somebody new with the reader; what they say there is collected at once. */
async function newChat({ userId }: { userId: string }) {
  const actor = { userId: `writer-${randomUUID()}`, role: "user" };
  const { id: chatId } = await createChat(engine, { actor, request: { type: "direct", userId } });
  const say = async () => {
    await sendMessage(engine, { actor, chatId, draft: { content: "x", type: "text" } });
    return (await collectDueChats(engine, { chatIds: [chatId] })).notificationIds;
  };
  const counts = async () => {
    const rows = await engine.database.prisma.notification.findMany({
      where: { chatId },
      orderBy: { id: "asc" },
    });
    return rows.map(({ messageCount, state }) => `${state} x${messageCount}`);
  };
  return { chatId, say, counts };
}

const orders = (userId: string, count: number, critical = false) =>
  createNotifications(
    engine,
    Array.from({ length: count }, () => ({ userId, type: "order_update" as const, critical, data: {} })),
  );

const decide = (notificationIds: string[], now = after(0)) =>
  decideNotifications(engine, { which: { notificationIds }, rules, now });

const decideDue = (now: Date) => decideNotifications(engine, { which: { limit: 500 }, rules, now });

describe("a minute's pushes", () => {
  it("count each other, and something critical is let through", async () => {
    const { userId } = await newReader();
    expect((await decide(await orders(userId, 2))).due).toHaveLength(2);
    const { due, waiting, suppressed } = await decide(await orders(userId, 4));
    expect([due.length, suppressed]).toEqual([1, []]);
    expect(waiting.map(({ reason }) => reason)).toEqual(Array(3).fill("rate_limited"));
    expect((await decide(await orders(userId, 1, true))).due).toHaveLength(1);
  });

  it("that are used up make the rest wait, which is told and listed", async () => {
    const actor = await newReader();
    await decide(await orders(actor.userId, 4));
    const { notifications } = await listNotifications(engine, { actor, page: 1, limit: 10 });
    expect(notifications.map(({ state, reason }) => [state, reason])).toContainEqual([
      "waiting",
      "rate_limited",
    ]);
    expect(notifications).toHaveLength(4);
  });

  it("are shared between the chats, however one of them floods the person", async () => {
    const actor = await newReader();
    const [flood, second, third] = [await newChat(actor), await newChat(actor), await newChat(actor)];
    for (let count = 0; count < 3; count++) expect((await decide(await flood.say())).due).toHaveLength(1);
    const [waiting] = (await decide(await flood.say(), after(1_000))).waiting;
    expect(waiting?.until).toEqual(after(MINUTE));
    await decide(await second.say(), after(2_000));
    await decide(await third.say(), after(3_000));
    // What the flood goes on with joins what waits, and does not stand before the others again.
    for (let count = 0; count < 20; count++) await flood.say();
    expect(await flood.counts()).toEqual(["due x1", "due x1", "due x1", "waiting x21"]);

    const { due } = await decideDue(after(MINUTE));
    const chats = await engine.database.prisma.notification.findMany({ where: { id: { in: due } } });
    expect(new Set(chats.map(({ chatId }) => chatId))).toEqual(
      new Set([flood.chatId, second.chatId, third.chatId]),
    );
    expect(await flood.counts()).toEqual(["due x1", "due x1", "due x1", "due x21"]);
  });

  it("come to the oldest first, one after the other, and nobody overtakes", async () => {
    const actor = await newReader();
    const chats = await Promise.all(Array.from({ length: 6 }, () => newChat(actor)));
    const ids: string[] = [];
    for (const chat of chats) ids.push(...(await chat.say()));
    // A push each ten seconds: there is room again in the same pace.
    for (const [place, id] of ids.slice(0, 3).entries()) await decide([id], after(place * 10_000));
    // Whatever the order in which they are decided.
    const { waiting } = await decide(ids.slice(3).reverse(), after(30_000));
    const turns = new Map(waiting.map(({ id, until }) => [id, until.getTime() - start]));
    expect(ids.slice(3).map((id) => turns.get(id))).toEqual([60_000, 70_000, 80_000]);
    // One comes after them, when there is room: it is for the first of those who wait.
    const late = await newChat(actor);
    const lateIds = await late.say();
    expect((await decide(lateIds, after(60_001))).waiting).toHaveLength(1);
    const pushed: string[] = [];
    for (const at of [60_001, 70_001, 80_001]) pushed.push(...(await decideDue(after(at))).due);
    expect(pushed).toEqual(ids.slice(3));
    // Those had the room that it was waiting for.
    expect((await decideDue(after(110_000))).due).toEqual([]);
    expect((await decideDue(after(120_002))).due).toEqual(lateIds);
  });

  it("go to chats before campaigns", async () => {
    const { userId } = await newReader();
    const campaign = await engine.database.prisma.campaign.create({
      data: {
        id: randomUUID(),
        createdBy: "admin",
        audience: {},
        notification: { title: "t", body: "b" },
        category: "system_alerts",
        state: "running",
        sendAt: new Date(),
      },
    });
    const bulk = async () => {
      const { rows } = await engine.database.pool.query<{ id: string }>(
        `INSERT INTO notifications (id, user_id, type, category, campaign_id, created_at)
         VALUES (new_notification_id(now()), $1, 'campaign', 'system_alerts', $2, now() - interval '1 hour') RETURNING id`,
        [userId, campaign.id],
      );
      return rows.map(({ id }) => id);
    };
    await decide(await orders(userId, 3));
    const older = await bulk();
    await decide(older, after(1_000));
    const chat = await newChat({ userId });
    const said = await chat.say();
    expect((await decide(said, after(1_000))).waiting).toMatchObject([{ until: after(MINUTE) }]);
    const [first = "", ...others] = (await orders(userId, 3)).toSorted();
    await decide([first, ...others], after(1_000));
    // Four that are no campaign's, and room for three.
    const { due } = await decideDue(after(MINUTE));
    expect(due.toSorted()).toEqual([...said, first, others[0]].toSorted());
    expect((await decideDue(after(2 * MINUTE))).due.toSorted()).toEqual(
      [...others.slice(1), ...older].toSorted(),
    );
  });

  it("are not kept for a campaign that is paused", async () => {
    const { userId } = await newReader();
    const data = {
      userId,
      type: "campaign",
      category: "system_alerts",
      state: "waiting" as const,
      reason: "rate_limited",
    };
    const shared = {
      createdBy: "a",
      audience: {},
      notification: {},
      category: "system_alerts",
      sendAt: new Date(),
    };
    for (const state of ["paused", "running"] as const) {
      const { id: campaignId } = await engine.database.prisma.campaign.create({
        data: { id: randomUUID(), ...shared, state },
      });
      const id = randomUUID();
      const createdAt = after(state === "paused" ? -2_000 : -1_000);
      await engine.database.prisma.notification.create({ data: { id, ...data, campaignId, createdAt } });
    }
    const only = { perMinute: 1 };
    const now = new Date(Date.now() + 1_000);
    expect((await decideNotifications(engine, { which: { limit: 500 }, rules: only, now })).due).toHaveLength(
      1,
    );
  });

  it("are waited for until a push would be too old, and no longer", async () => {
    const { userId } = await newReader();
    await decide(await orders(userId, 3), after(DAY - MINUTE));
    const [id = ""] = await orders(userId, 1);
    const created = new Date(start - 30_000);
    await engine.database.prisma.notification.update({ where: { id }, data: { createdAt: created } });
    expect((await decide([id], after(DAY - MINUTE))).suppressed).toMatchObject([
      { id, reason: "rate_limited" },
    ]);
  });

  it("are found again for many that wait, in bounded steps", async () => {
    const { userId } = await newReader();
    await orders(userId, 1_200);
    // However long that took.
    start = Date.now();
    const { due, waiting } = await decideDue(after(10_000));
    expect([due.length, waiting.length]).toEqual([3, 497]);
    expect((await decideDue(after(10_000))).waiting).toHaveLength(500);
    expect((await decideDue(after(10_000))).waiting).toHaveLength(200);
    let pushed = 3;
    for (let minute = 1; minute <= 20; minute++) {
      // Each is looked at when its turn may have come, and not with every sweep.
      const decided = await decideDue(after(10_000 + minute * MINUTE));
      expect(decided.waiting.length).toBeLessThan(20);
      pushed += decided.due.length;
    }
    expect(pushed).toBe(63);
  });
});
