import { randomUUID } from "node:crypto";
import {
  addTestDevice,
  createTestDatabase,
  openTestEngine,
  type TestDatabase,
  type TestEngine,
} from "@parley/testing";
import { Client } from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createChat } from "../chats/create-chat.js";
import type { Engine } from "../engine.js";
import { sendMessage } from "../messages/send-message.js";
import { closeEngine } from "../open-engine.js";
import { claimDeliveries } from "./claim-deliveries.js";
import { collectDueChats } from "./collect-due-chats.js";
import type { Decided } from "./decide-notifications.js";
import { dispatchNotifications } from "./dispatch-notifications.js";
import { sweepNotifications } from "./sweep-notifications.js";

const alice = { userId: "alice", role: "user" };

let database: TestDatabase;
let node: TestEngine;
let engine: Engine;
let jobs: Array<{ job: string; data: Record<string, unknown>; delayMs: number | undefined }>;

beforeAll(async () => {
  database = await createTestDatabase();
  node = openTestEngine(database.url);
  ({ engine } = node);
  engine.enqueue = (job, data, options) => void jobs.push({ job, data, delayMs: options?.delayMs });
});

beforeEach(async () => {
  jobs = [];
  // What an earlier test left is done.
  await engine.database.pool.query("UPDATE chats SET notified_seq = last_seq");
  await engine.database.pool.query("UPDATE notifications SET state = 'sent'");
  await sweepNotifications(engine);
});

afterAll(async () => {
  await closeEngine(engine);
  await database.drop();
});

async function newChat() {
  const userId = `reader-${randomUUID()}`;
  const request = { type: "direct" as const, userId };
  return { userId, chatId: (await createChat(engine, { actor: alice, request })).id };
}

const say = (chatId: string) =>
  sendMessage(engine, { actor: alice, chatId, draft: { content: "hello", type: "text" } });

const statesOf = async (chatId: string) =>
  (await engine.database.prisma.notification.findMany({ where: { chatId } })).map(({ state }) => state);

const later = (ms: number) => new Date(Date.now() + ms);

describe("the sweeper", () => {
  it("does every step that was left undone", async () => {
    const { chatId, userId } = await newChat();
    await addTestDevice(engine, userId);
    await say(chatId);
    // Nobody collected.
    expect(await sweepNotifications(engine)).toEqual({ collected: 1, decided: 1, due: 0 });
    expect(await statesOf(chatId)).toEqual(["due"]);
    await say(chatId);
    // Collected, and the worker died.
    await collectDueChats(engine, { chatIds: [chatId] });
    expect(await sweepNotifications(engine)).toEqual({ collected: 0, decided: 1, due: 0 });
    expect(jobs.filter(({ job }) => job === "push.deliver")).toHaveLength(2);
    // Decided, and nobody delivers: after a while they are handed out again, and not with every sweep.
    jobs = [];
    const begun = later(0).getTime();
    const after = (ms: number) => new Date(begun + ms);
    expect(await sweepNotifications(engine, { now: after(20_000) })).toMatchObject({ due: 2 });
    expect(await sweepNotifications(engine, { now: after(25_000) })).toMatchObject({ due: 0 });
    expect(await sweepNotifications(engine, { now: after(40_000) })).toMatchObject({ due: 2 });
    expect(jobs.map(({ job }) => job)).toEqual(["push.deliver", "push.deliver"]);
    // Claimed, and the worker was killed: when its lease is over.
    const ids = (jobs[0]?.data.notificationIds ?? []) as string[];
    expect(await claimDeliveries(engine, { notificationIds: ids, now: after(41_000) })).toHaveLength(2);
    expect(await sweepNotifications(engine, { now: after(80_000) })).toMatchObject({ due: 0 });
    expect(await sweepNotifications(engine, { now: after(120_000) })).toMatchObject({ due: 2 });
  });

  it("has nothing to do where the fast path did it", async () => {
    const { chatId, userId } = await newChat();
    await addTestDevice(engine, userId);
    await say(chatId);
    const { notificationIds } = await collectDueChats(engine, { chatIds: [chatId] });
    await dispatchNotifications(engine, { which: { notificationIds } });
    jobs = [];
    expect(await sweepNotifications(engine)).toEqual({ collected: 0, decided: 0, due: 0 });
    expect(jobs).toEqual([]);
  });

  it("does not skip a message that was being written while it swept, however long that took", async () => {
    const { chatId } = await newChat();
    const slow = new Client({ connectionString: database.url });
    await slow.connect();
    await slow.query("BEGIN");
    await slow.query(
      `INSERT INTO messages (id, chat_id, seq, rev, sender_id, sender_role, type, content)
       VALUES ($1, $2, 1, 2, 'alice', 'user', 'text', 'slow')`,
      [randomUUID(), chatId],
    );
    await slow.query("UPDATE chats SET last_seq = 1, last_rev = 2 WHERE id = $1", [chatId]);
    await slow.query(
      "INSERT INTO commits (chat_ids, revs, seqs) VALUES (ARRAY[$1::uuid], ARRAY[2], ARRAY[1])",
      [chatId],
    );
    for (let sweep = 0; sweep < 3; sweep++) {
      const other = await newChat();
      await say(other.chatId);
      expect((await sweepNotifications(engine)).collected).toBe(1);
    }
    await slow.query("COMMIT");
    await slow.end();
    expect((await sweepNotifications(engine)).collected).toBe(1);
    expect(await statesOf(chatId)).toHaveLength(1);
  });

  it("finds without the log what the log does not know: when told, every hour, and in a restored database", async () => {
    const { chatId } = await newChat();
    const forget = async () => {
      await say(chatId);
      await engine.database.pool.query("DELETE FROM commits");
      expect((await sweepNotifications(engine)).collected).toBe(0);
    };
    await forget();
    expect((await sweepNotifications(engine, { full: true })).collected).toBe(1);
    await forget();
    expect((await sweepNotifications(engine, { now: later(3_700_000) })).collected).toBe(1);
    await forget();
    await engine.database.pool.query("UPDATE notification_cursor SET xid = '9000000000'");
    expect((await sweepNotifications(engine)).collected).toBe(1);
    await say(chatId);
    expect((await sweepNotifications(engine)).collected).toBe(1);
  });

  it("does the same when several sweep at once", async () => {
    const chats: Array<{ userId: string; chatId: string }> = [];
    for (let count = 0; count < 10; count++) chats.push(await newChat());
    for (const { chatId } of chats) await say(chatId);
    await Promise.all(Array.from({ length: 4 }, () => sweepNotifications(engine)));
    for (const { chatId } of chats) expect(await statesOf(chatId)).toEqual(["suppressed"]);
  });

  it("tells what it decided, page by page, also when a later step fails", async () => {
    await engine.database.pool.query(
      `INSERT INTO notifications (id, user_id, type, category)
       SELECT new_notification_id(now()), 'crowd-' || n, 'system', 'system_alerts' FROM generate_series(1, 501) n`,
    );
    const told: string[] = [];
    const onDecided = ({ suppressed }: Decided) => void told.push(...suppressed.map(({ reason }) => reason));
    await engine.database.pool.query("ALTER TABLE notification_totals RENAME TO elsewhere");
    const sweeping = sweepNotifications(engine, { onDecided, now: later(3 * 3_600_000) });
    await expect(sweeping).rejects.toThrow("notification_totals");
    await engine.database.pool.query("ALTER TABLE elsewhere RENAME TO notification_totals");
    expect(told).toEqual(Array(501).fill("no_subscription"));
  });

  it.each([
    ["hours can't be counted", "notification_totals"],
    ["the log can't be read", "commits"],
  ])("does everything else when %s", async (...[, table]) => {
    const { chatId, userId } = await newChat();
    await addTestDevice(engine, userId);
    await say(chatId);
    const { notificationIds } = await collectDueChats(engine, { chatIds: [chatId] });
    await dispatchNotifications(engine, { which: { notificationIds } });
    jobs = [];
    const { pool } = engine.database;
    await pool.query(`ALTER TABLE ${table} RENAME TO elsewhere`);
    // An hour that is to be counted.
    const sweeping = sweepNotifications(engine, { now: later(3 * 3_600_000) });
    await expect(sweeping).rejects.toThrow(table);
    await pool.query(`ALTER TABLE elsewhere RENAME TO ${table}`);
    expect(jobs).toMatchObject([{ job: "push.deliver", data: { notificationIds } }]);
  });

  it("gets through more than one page of decisions", async () => {
    await engine.database.pool.query(
      `INSERT INTO notifications (id, user_id, type, category)
       SELECT new_notification_id(now()), 'crowd-' || n, 'system', 'system_alerts' FROM generate_series(1, 1234) n`,
    );
    expect((await sweepNotifications(engine)).decided).toBe(1_234);
  });
});

describe("a chat that somebody holds for long", () => {
  /** Chats with news that can't be collected until `release`. */
  async function holdChats(count: number) {
    const chats: string[] = [];
    for (let each = 0; each < count; each++) {
      const { chatId } = await newChat();
      await say(chatId);
      chats.push(chatId);
    }
    const holder = new Client({ connectionString: database.url });
    await holder.connect();
    await holder.query("BEGIN");
    await holder.query("SELECT 1 FROM chats WHERE id = ANY ($1) FOR UPDATE", [chats]);
    const release = async () => {
      await holder.query("ROLLBACK");
      await holder.end();
    };
    return { chats, holder, release };
  }

  const cursor = () => engine.database.prisma.notificationCursor.findUniqueOrThrow({ where: { id: 1 } });
  const asked = async () =>
    (await engine.database.pool.query("SELECT asked_xid FROM uncollected_chats")).rows;
  const putOff = () => engine.database.prisma.uncollectedChat.findMany();

  it("is found again, by whichever process, and stands in nobody's way meanwhile", async () => {
    const { chats, release } = await holdChats(1);
    await engine.database.pool.query("UPDATE notification_cursor SET scanned_at = NULL");
    expect((await sweepNotifications(engine)).collected).toBe(0);
    // The log has been read on, and is not needed any more; neither is another look at all chats.
    await engine.database.pool.query("DELETE FROM commits");
    const { scannedAt } = await cursor();
    expect(scannedAt).not.toBeNull();
    const free = await newChat();
    await say(free.chatId);
    expect((await sweepNotifications(engine)).collected).toBe(1);
    await release();
    const other = openTestEngine(database.url);
    expect((await sweepNotifications(other.engine, { now: later(10_000) })).collected).toBe(1);
    await closeEngine(other.engine);
    expect(await statesOf(chats[0] ?? "")).toHaveLength(1);
    expect((await cursor()).scannedAt).toEqual(scannedAt);
    expect(await putOff()).toEqual([]);
  });

  it("is tried less and less often, and not because there is more news of it", async () => {
    const { chats, holder, release } = await holdChats(1);
    const [chatId = ""] = chats;
    let now = new Date();
    const pauses: number[] = [];
    for (let round = 0; round < 10; round++) {
      await sweepNotifications(engine, { now });
      const [{ dueAt } = { dueAt: now }] = await putOff();
      pauses.push(Math.round((dueAt.getTime() - now.getTime()) / 1_000));
      await holder.query("UPDATE chats SET last_seq = last_seq + 1 WHERE id = $1", [chatId]);
      await holder.query(
        "INSERT INTO commits (chat_ids, revs, seqs) VALUES (ARRAY[$1::uuid], '{9}', '{9}')",
        [chatId],
      );
      await holder.query("COMMIT");
      await holder.query("BEGIN");
      await holder.query("SELECT 1 FROM chats WHERE id = $1 FOR UPDATE", [chatId]);
      const before = await asked();
      await sweepNotifications(engine, { now });
      expect(await putOff()).toMatchObject([{ chatId, dueAt }]);
      // Whoever is collecting it at the moment must look again.
      expect(await asked()).not.toEqual(before);
      now = dueAt;
    }
    await release();
    expect(pauses).toEqual([2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
    await sweepNotifications(engine, { now: later(3_600_000) });
    expect(await putOff()).toEqual([]);
  });

  it("is not forgotten when there was more news while it was collected", async () => {
    const { chats, release } = await holdChats(1);
    const [chatId = ""] = chats;
    await sweepNotifications(engine);
    await release();
    // Where a collector is done and has not said so yet, another sweep finds a message.
    const { pool } = engine.database;
    await pool.query(`CREATE FUNCTION say_more() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      UPDATE uncollected_chats SET asked_xid = '7' WHERE chat_id = NEW.chat_id; RETURN NEW; END $$`);
    await pool.query(
      `CREATE TRIGGER more BEFORE INSERT ON notifications FOR EACH ROW EXECUTE FUNCTION say_more()`,
    );
    expect((await sweepNotifications(engine, { now: later(10_000) })).collected).toBe(1);
    await pool.query("DROP FUNCTION say_more CASCADE");
    expect(await putOff()).toMatchObject([{ chatId }]);
    await sweepNotifications(engine, { now: later(20_000) });
    expect(await putOff()).toEqual([]);
  });

  it("does not make a sweep endless, however many there are", async () => {
    const { release } = await holdChats(6);
    await sweepNotifications(engine);
    const tries = async () => (await putOff()).map((one) => one.tries).toSorted();
    expect(await tries()).toEqual(Array(6).fill(1));
    // The same moment again: those that have just been tried are not due by then, however long that took.
    const now = later(10_000);
    await sweepNotifications(engine, { now });
    expect(await tries()).toEqual([1, 1, 2, 2, 2, 2]);
    await sweepNotifications(engine, { now });
    expect(await tries()).toEqual(Array(6).fill(2));
    await release();
    expect((await sweepNotifications(engine, { now: later(60_000) })).collected).toBe(6);
  });
});

describe("a hand-over", () => {
  it("asks for delivery in slices, and for later decisions when they come soon", async () => {
    const chats: Array<{ userId: string; chatId: string }> = [];
    for (let count = 0; count < 3; count++) chats.push(await newChat());
    for (const { chatId, userId } of chats) {
      await addTestDevice(engine, userId);
      await say(chatId);
    }
    engine.presence = async (questions) =>
      questions.map(({ userId }) =>
        userId === chats[0]?.userId ? { status: "online", viewingRenewedMsAgo: null } : null,
      );
    const { notificationIds } = await collectDueChats(engine, { chatIds: chats.map(({ chatId }) => chatId) });
    await dispatchNotifications(engine, { which: { notificationIds }, rules: { delayMs: 30_000 } });
    engine.presence = async (questions) => questions.map(() => null);
    const [deliver, decide] = jobs.toSorted((left, right) => right.job.localeCompare(left.job));
    expect(deliver).toMatchObject({ job: "push.deliver", delayMs: undefined });
    expect(deliver?.data.notificationIds).toHaveLength(2);
    expect(decide).toMatchObject({ job: "notifications.decide", delayMs: expect.any(Number) });
    expect(decide?.delayMs).toBeLessThanOrEqual(30_000);
    expect(decide?.delayMs).toBeGreaterThan(20_000);
  });

  it("tells people who may be connected, and nobody who surely is not", async () => {
    const [maybe, gone] = [await newChat(), await newChat()];
    for (const { chatId } of [maybe, gone]) await say(chatId);
    engine.presence = async (questions) =>
      questions.map(({ userId }) =>
        userId === gone.userId ? { status: "offline", viewingRenewedMsAgo: null } : null,
      );
    node.batches.length = 0;
    await sweepNotifications(engine);
    engine.presence = async (questions) => questions.map(() => null);
    const signals = node.batches.flatMap((batch) => batch.signals);
    expect(signals).toMatchObject([
      {
        chatId: null,
        audience: [maybe.userId],
        body: {
          name: "notification.created",
          type: "new_message",
          body: "hello",
          data: { chatId: maybe.chatId },
        },
      },
    ]);
  });
});
