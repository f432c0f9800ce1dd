import { randomUUID } from "node:crypto";
import {
  createTestDatabase,
  openTestEngine,
  type TestDatabase,
  type TestEngine,
  until,
} from "@parley/testing";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { changeChatStatus } from "../chats/change-chat-status.js";
import { createChat } from "../chats/create-chat.js";
import { addMembers } from "../members/add-members.js";
import { removeMember } from "../members/remove-member.js";
import { deleteMessage } from "../messages/delete-message.js";
import { sendMessage } from "../messages/send-message.js";
import { closeEngine, poolStats } from "../open-engine.js";
import { shareReceipt } from "../orders/share-receipt.js";
import { updateOrder } from "../orders/update-order.js";
import { collectDueChats } from "./collect-due-chats.js";

const alice = { userId: "alice", role: "user" };
const bob = { userId: "bob", role: "user" };
const platform = { userId: "platform", role: "system" };

let database: TestDatabase;
let first: TestEngine;
let second: TestEngine;

beforeAll(async () => {
  database = await createTestDatabase();
  first = openTestEngine(database.url);
  second = openTestEngine(database.url);
});

afterAll(async () => {
  await closeEngine(first.engine);
  await closeEngine(second.engine);
  await database.drop();
});

async function newGroup(memberIds: string[]): Promise<string> {
  const request = { type: "group" as const, name: "test", memberIds };
  return (await createChat(first.engine, { actor: alice, request })).id;
}

async function newOrder(actor = platform, initialMessage?: string) {
  const orderId = `order-${randomUUID()}`;
  const request = { type: "order" as const, orderId, userId: "alice", shopperId: "bob", initialMessage };
  return { orderId, chatId: (await createChat(first.engine, { actor, request })).id };
}

const say = (chatId: string, content: string, actor = alice) =>
  sendMessage(first.engine, { actor, chatId, draft: { content, type: "text" } });

const collect = (...chatIds: string[]) => collectDueChats(first.engine, { chatIds });

/** What stands for each person, as `user type from-to xcount state`. */
async function rows(chatId: string): Promise<string[]> {
  const found = await first.engine.database.prisma.notification.findMany({
    where: { chatId },
    orderBy: [{ userId: "asc" }, { fromSeq: "asc" }, { type: "asc" }],
  });
  return found.map((row) =>
    `${row.userId} ${row.type} ${row.fromSeq}-${row.toSeq} x${row.messageCount} ${row.state} ${row.reason ?? ""}`.trim(),
  );
}

describe("collecting", () => {
  it("makes one notification for every member but the sender, and none the second time", async () => {
    const chatId = await newGroup(["bob", "carol"]);
    await say(chatId, "1");
    expect((await collect(chatId)).notificationIds).toHaveLength(2);
    expect(await collect(chatId)).toEqual({ notificationIds: [], heldChatIds: [], slowChatIds: [] });
    expect(await rows(chatId)).toEqual([
      "bob group_message 1-1 x1 pending",
      "carol group_message 1-1 x1 pending",
    ]);
  });

  it("makes each once when many collect the same chats at once", async () => {
    const chatIds: string[] = [];
    for (let count = 0; count < 20; count++) chatIds.push(await newGroup(["bob", "carol"]));
    for (let round = 0; round < 5; round++) {
      await Promise.all(chatIds.map((chatId) => say(chatId, `${round}`)));
      const collected = await Promise.all(
        Array.from({ length: 6 }, (_, index) => {
          const { engine } = index % 2 === 0 ? first : second;
          return collectDueChats(engine, { chatIds: index % 3 === 0 ? chatIds.toReversed() : chatIds });
        }),
      );
      // All are decided before the next round, so that each round has its own.
      const ids = collected.flatMap(({ notificationIds }) => notificationIds);
      expect(ids).toHaveLength(40);
      expect(new Set(ids).size).toBe(40);
      await first.engine.database.prisma.notification.updateMany({ data: { state: "sent" } });
    }
    const counts = await first.engine.database.prisma.notification.groupBy({
      by: ["chatId", "userId"],
      where: { chatId: { in: chatIds } },
      _sum: { messageCount: true },
    });
    expect(counts).toHaveLength(40);
    expect(new Set(counts.map(({ _sum }) => _sum.messageCount))).toEqual(new Set([5]));
  });

  it("loses and doubles nothing while people write and collectors race", async () => {
    const chatId = await newGroup(["bob", "carol"]);
    let writing = true;
    const racing = [first, second].map(async ({ engine }) => {
      while (writing) await collectDueChats(engine, { chatIds: [chatId] });
    });
    for (let count = 0; count < 60; count++) await say(chatId, `${count}`, count % 3 === 0 ? bob : alice);
    writing = false;
    await Promise.all(racing);
    await collect(chatId);
    const found = await rows(chatId);
    const counted = (user: string) =>
      found
        .filter((row) => row.startsWith(`${user} `))
        .reduce((sum, row) => sum + Number(/x(\d+)/.exec(row)?.[1]), 0);
    expect([counted("alice"), counted("bob"), counted("carol")]).toEqual([20, 40, 60]);
  });

  it("lets an undecided notification take what comes after it, and begins anew once it is decided", async () => {
    const chatId = await newGroup(["bob"]);
    await say(chatId, "1");
    const { notificationIds } = await collect(chatId);
    await say(chatId, "2");
    await say(chatId, "mine", bob);
    await say(chatId, "3");
    expect((await collect(chatId)).notificationIds).toContain(notificationIds[0]);
    expect(await rows(chatId)).toEqual([
      "alice group_message 3-3 x1 pending",
      "bob group_message 1-4 x3 pending",
    ]);
    const { prisma } = first.engine.database;
    await prisma.notification.updateMany({ where: { chatId }, data: { state: "waiting" } });
    await say(chatId, "4");
    // It has been decided when to look again: that stays.
    expect((await collect(chatId)).notificationIds).toEqual([]);
    expect((await rows(chatId))[1]).toBe("bob group_message 1-5 x4 waiting");
    await prisma.notification.updateMany({ where: { chatId }, data: { state: "due" } });
    await say(chatId, "5");
    await collect(chatId);
    expect((await rows(chatId)).slice(1)).toEqual([
      "bob group_message 1-5 x4 due",
      "bob group_message 6-6 x1 pending",
    ]);
  });

  it("counts for each only what others said while they were in", async () => {
    const chatId = await newGroup(["bob", "leaver"]);
    await say(chatId, "1");
    await say(chatId, "2", bob);
    await addMembers(first.engine, { actor: alice, chatId, userIds: ["late"] });
    await removeMember(first.engine, { actor: alice, chatId, userId: "leaver" });
    await say(chatId, "3");
    await collect(chatId);
    expect(await rows(chatId)).toEqual([
      "alice group_message 2-2 x1 pending",
      "bob group_message 1-3 x2 pending",
      "late group_message 3-3 x1 pending",
    ]);
  });

  it("makes none of what was deleted before anyone looked, nor of a chat's status", async () => {
    const chatId = await newGroup(["bob"]);
    const { id } = await say(chatId, "a mistake");
    await deleteMessage(first.engine, { actor: alice, chatId, messageId: id });
    await changeChatStatus(first.engine, { actor: alice, chatId, status: "closed" });
    expect((await collect(chatId)).notificationIds).toEqual([]);
    const { lastSeq, notifiedSeq } = await first.engine.database.prisma.chat.findUniqueOrThrow({
      where: { id: chatId },
    });
    expect([lastSeq, notifiedSeq]).toEqual([2, 2]);
  });

  it("keeps what is told apart by what people can want", async () => {
    const { chatId, orderId } = await newOrder(bob);
    await say(chatId, "hello", bob);
    await updateOrder(first.engine, { actor: platform, orderId, update: { status: "shipped" } });
    await shareReceipt(first.engine, { actor: bob, chatId, receiptUrl: "https://files.example/r.pdf" });
    await sendMessage(first.engine, { actor: platform, chatId, draft: { type: "system", content: "note" } });
    await collect(chatId);
    expect(await rows(chatId)).toEqual([
      "alice receipt 0-3 x2 pending",
      "alice new_message 1-1 x1 pending",
      "alice system 4-4 x1 pending",
      "bob order_update 2-2 x1 pending",
      "bob system 4-4 x1 pending",
    ]);
  });

  it("announces a new order to all but who opened it, with its first message or without", async () => {
    const silent = await newOrder(bob);
    expect(await rows(silent.chatId)).toEqual(["alice new_order 0-0 x0 pending"]);
    const { chatId } = await newOrder(platform, "Welcome");
    expect(await rows(chatId)).toEqual([]);
    await collect(chatId);
    expect(await rows(chatId)).toEqual(["alice new_order 1-1 x1 pending", "bob new_order 1-1 x1 pending"]);
    const mine = await newOrder(alice, "Welcome");
    await collect(mine.chatId);
    expect(await rows(mine.chatId)).toEqual(["bob new_order 1-1 x1 pending"]);
  });

  it("does not push what is a day old, but keeps that it did not", async () => {
    const chatId = await newGroup(["bob"]);
    await say(chatId, "1");
    const now = new Date(Date.now() + 24 * 3_600_000 + 5_000);
    expect(await collectDueChats(first.engine, { chatIds: [chatId], now })).toMatchObject({
      notificationIds: [],
    });
    expect(await rows(chatId)).toEqual(["bob group_message 1-1 x1 suppressed too_old"]);
  });

  it("tells the thousand of a group with one statement, and changes nothing that they catch up", async () => {
    const chatId = await newGroup([]);
    const userIds = Array.from({ length: 1_000 }, (_, index) => `member-${index}`);
    for (let from = 0; from < 1_000; from += 500) {
      await addMembers(first.engine, { actor: alice, chatId, userIds: userIds.slice(from, from + 500) });
    }
    await say(chatId, "to all");
    const where = { where: { id: chatId } };
    const { lastRev } = await first.engine.database.prisma.chat.findUniqueOrThrow(where);
    const { statements } = poolStats(first.engine);
    expect((await collect(chatId)).notificationIds).toHaveLength(1_000);
    expect(poolStats(first.engine).statements).toBe(statements + 1);
    expect((await first.engine.database.prisma.chat.findUniqueOrThrow(where)).lastRev).toBe(lastRev);
  });
});

describe("much work", () => {
  const statementsOf = async (work: () => Promise<unknown>) => {
    const { statements } = poolStats(first.engine);
    await work();
    return poolStats(first.engine).statements - statements;
  };

  it("of many members is shared out among statements, and of few is not", async () => {
    const chatIds: string[] = [];
    for (let count = 0; count < 5; count++) chatIds.push(await newGroup(["bob"]));
    for (const chatId of chatIds) await say(chatId, "1");
    expect(await statementsOf(() => collect(...chatIds))).toBe(1);
    for (const chatId of chatIds) await say(chatId, "2");
    const { pool } = first.engine.database;
    await pool.query("UPDATE chats SET member_count = 3000 WHERE id = ANY ($1)", [chatIds]);
    await pool.query("UPDATE chats SET member_count = 50000 WHERE id = $1", [chatIds[4]]);
    expect(await statementsOf(() => collect(...chatIds))).toBe(3);
    for (const chatId of chatIds) expect(await rows(chatId)).toEqual(["bob group_message 1-2 x2 pending"]);
  });

  it("of many messages is done step by step, and told as one", async () => {
    const chatId = await newGroup(["bob", "carol"]);
    for (let count = 0; count < 450; count++) await say(chatId, "x", count === 300 ? bob : alice);
    const { statements } = poolStats(first.engine);
    expect((await collect(chatId)).notificationIds).toHaveLength(3);
    expect(poolStats(first.engine).statements - statements).toBe(3);
    expect(await rows(chatId)).toEqual([
      "alice group_message 301-301 x1 pending",
      "bob group_message 1-450 x449 pending",
      "carol group_message 1-450 x450 pending",
    ]);
    expect((await collect(chatId)).notificationIds).toEqual([]);
  });
});

describe("a chat that takes too long", () => {
  /** Makes the statements fail that would make notifications of these chats, as those do whose time is over. */
  async function slowDown(chatIds: string[]) {
    const { pool } = first.engine.database;
    await pool.query(`CREATE FUNCTION take_too_long() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN RAISE EXCEPTION 'canceling statement due to statement timeout' USING ERRCODE = '57014'; END $$`);
    const list = chatIds.map((id) => `'${id}'`).join(", ");
    await pool.query(`CREATE TRIGGER slow BEFORE INSERT ON notifications FOR EACH ROW
      WHEN (NEW.chat_id IN (${list})) EXECUTE FUNCTION take_too_long()`);
    return () => pool.query("DROP FUNCTION take_too_long() CASCADE");
  }

  it("keeps none of the others waiting, and is named", async () => {
    const chatIds: string[] = [];
    for (let count = 0; count < 20; count++) chatIds.push(await newGroup(["bob"]));
    for (const chatId of chatIds) await say(chatId, "1");
    const [slow = ""] = chatIds;
    const speedUp = await slowDown([slow]);
    const collected = await collect(...chatIds);
    await speedUp();
    expect(collected).toMatchObject({ heldChatIds: [], slowChatIds: [slow] });
    expect(collected.notificationIds).toHaveLength(19);
    expect((await collect(slow)).notificationIds).toHaveLength(1);
  });

  it("is not looked for without end where all do", async () => {
    const chatIds: string[] = [];
    for (let count = 0; count < 30; count++) chatIds.push(await newGroup(["bob"]));
    for (const chatId of chatIds) await say(chatId, "1");
    const speedUp = await slowDown(chatIds);
    const { statements } = poolStats(first.engine);
    const collected = await collect(...chatIds);
    expect(poolStats(first.engine).statements - statements).toBe(12);
    await speedUp();
    expect(collected.slowChatIds.toSorted()).toEqual(chatIds.toSorted());
  });
});

describe("a chat that somebody holds", () => {
  it("does not keep the others waiting, and is left for later", async () => {
    const [held, free] = [await newGroup(["bob"]), await newGroup(["bob"])];
    await say(held, "1");
    await say(free, "1");
    const holder = new Client({ connectionString: database.url });
    await holder.connect();
    await holder.query("BEGIN");
    await holder.query("SELECT 1 FROM chats WHERE id = $1 FOR UPDATE", [held]);
    const collected = await collect(held, free);
    expect(collected.heldChatIds).toEqual([held]);
    expect(await rows(free)).toEqual(["bob group_message 1-1 x1 pending"]);
    expect(await rows(held)).toEqual([]);
    await holder.query("ROLLBACK");
    await holder.end();
    expect((await collect(held)).notificationIds).toHaveLength(1);
  });

  it("is not held by a collector: people write on while one is at work", async () => {
    const chatId = await newGroup(["bob"]);
    await say(chatId, "1");
    // The last thing that a collector does before its commit waits here.
    const holder = new Client({ connectionString: database.url });
    await holder.connect();
    await holder.query("BEGIN");
    await holder.query(
      "INSERT INTO notifications (id, user_id, type, category, chat_id, from_seq, to_seq) VALUES ($1, 'bob', 'group_message', 'chat_messages', $2, 1, 1)",
      [randomUUID(), chatId],
    );
    const collecting = collect(chatId);
    await until(async () => {
      const { rows: waiting } = await first.engine.database.pool.query(
        `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
          AND query LIKE '%collect_notifications%'`,
      );
      return waiting.length > 0;
    }, "a collector waits in the middle of its work");
    expect((await say(chatId, "meanwhile")).seq).toBe(2);
    await holder.query("ROLLBACK");
    await holder.end();
    await collecting;
    await collect(chatId);
    expect(await rows(chatId)).toEqual(["bob group_message 1-2 x2 pending"]);
  });
});
