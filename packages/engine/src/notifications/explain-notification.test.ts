import { randomUUID } from "node:crypto";
import { EXPLAINED_OUTCOMES, NOTIFICATION_REASONS } from "@parley/contracts";
import { addTestDevice, createTestDatabase, openTestEngine, type TestDatabase } from "@parley/testing";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { archiveChat } from "../archive/archive-chat.js";
import { NEWEST_KEPT } from "../archive/due-messages.js";
import { changeChatStatus } from "../chats/change-chat-status.js";
import { createChat } from "../chats/create-chat.js";
import type { Engine } from "../engine.js";
import { addMembers } from "../members/add-members.js";
import { deleteMessage } from "../messages/delete-message.js";
import { listMessages } from "../messages/list-messages.js";
import { sendMessage } from "../messages/send-message.js";
import { closeEngine } from "../open-engine.js";
import { claimDeliveries } from "./claim-deliveries.js";
import { collectDueChats } from "./collect-due-chats.js";
import { decideNotifications } from "./decide-notifications.js";
import { type Explanation, explainNotification } from "./explain-notification.js";
import { recordDeliveries } from "./record-deliveries.js";

const alice = { userId: "alice", role: "user" };
const operator = { userId: "operator", role: "admin" };

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

async function newGroup() {
  const bob = { userId: `bob-${randomUUID()}`, role: "user" };
  const request = { type: "group" as const, name: "g", memberIds: [bob.userId] };
  const { id: chatId } = await createChat(engine, { actor: alice, request });
  return { bob, chatId };
}

const say = (chatId: string) =>
  sendMessage(engine, { actor: alice, chatId, draft: { content: "hello", type: "text" } });

const explain = (actor: { userId: string; role: string }, messageId: string, userId = actor.userId) =>
  explainNotification(engine, { actor, messageId, userId });

const seen = new Set<string>();

function note(explanation: Explanation): Explanation {
  seen.add(explanation.outcome);
  return explanation;
}

it("says the same of archived messages", async () => {
  const { bob, chatId } = await newGroup();
  const outsider = { userId: `eve-${randomUUID()}`, role: "user" };
  const draft = { content: "hello", type: "text" as const };
  const sent: string[] = [];
  for (let place = 0; place < NEWEST_KEPT + 4; place++)
    sent.push((await sendMessage(engine, { actor: alice, chatId, draft })).id);
  await changeChatStatus(engine, { actor: alice, chatId, status: "closed" });
  await deleteMessage(engine, { actor: alice, chatId, messageId: sent[1] ?? "" });
  await collectDueChats(engine, { chatIds: [chatId] });
  const rows = await engine.database.prisma.notification.updateMany({
    where: { chatId },
    data: { state: "suppressed", reason: "viewing_chat" },
  });
  expect(rows.count).toBeGreaterThan(0);
  await engine.database.pool.query("DELETE FROM commits");
  const before: unknown[] = [];
  const tell = async () => {
    const told: unknown[] = [];
    for (const messageId of sent.slice(0, 4))
      for (const [actor, userId] of [[alice], [bob], [operator, outsider.userId]] as const)
        told.push(await explain(actor, messageId, userId));
    return told;
  };
  before.push(...(await tell()));
  const archived = await archiveChat(engine, { chatId, before: new Date(Date.now() + 60_000) });
  expect(archived.messages).toBeGreaterThanOrEqual(4);
  expect(await tell()).toEqual(before);
  await expect(explain(outsider, sent[0] ?? "")).rejects.toMatchObject({ code: "message_not_found" });
});

describe("why a message was not pushed", () => {
  it("is told at every step of its way", async () => {
    const { bob, chatId } = await newGroup();
    await addTestDevice(engine, bob.userId);
    const { id } = await say(chatId);
    expect(note(await explain(bob, id))).toEqual({
      messageId: id,
      userId: bob.userId,
      outcome: "not_decided",
      reason: null,
      explanation: EXPLAINED_OUTCOMES.not_decided,
      notificationId: null,
      createdAt: null,
      decidedAt: null,
      dueAt: null,
      deliveries: [],
    });
    const { notificationIds } = await collectDueChats(engine, { chatIds: [chatId] });
    expect(note(await explain(bob, id))).toMatchObject({ outcome: "pending", decidedAt: null });
    await decideNotifications(engine, { which: { notificationIds } });
    expect(note(await explain(bob, id))).toMatchObject({ outcome: "due", decidedAt: expect.any(String) });
    const claimed = await claimDeliveries(engine, { notificationIds });
    const outcomes = claimed.map((one) => ({ ...one, outcome: "accepted" as const, statusCode: 201 }));
    await recordDeliveries(engine, { outcomes });
    const sent = note(await explain(bob, id));
    expect(sent).toMatchObject({
      outcome: "sent",
      reason: null,
      notificationId: notificationIds[0],
      deliveries: [
        {
          origin: "https://fcm.googleapis.com",
          state: "accepted",
          statusCode: 201,
          attempts: 1,
          heldBack: 0,
          latencyMs: expect.any(Number),
        },
      ],
    });
    expect(JSON.stringify(sent)).not.toContain("/fcm/send/");
  });

  test.each(Object.entries(NOTIFICATION_REASONS))("with the reason %s in words", async (reason, words) => {
    const { bob, chatId } = await newGroup();
    const { id } = await say(chatId);
    const { notificationIds } = await collectDueChats(engine, { chatIds: [chatId] });
    const data = { state: "suppressed" as const, reason };
    await engine.database.prisma.notification.updateMany({ where: { id: { in: notificationIds } }, data });
    expect(note(await explain(bob, id))).toMatchObject({ outcome: "suppressed", reason, explanation: words });
  });

  test.each(["waiting", "failed", "cancelled"] as const)("in the state %s", async (state) => {
    const { bob, chatId } = await newGroup();
    const { id } = await say(chatId);
    const { notificationIds } = await collectDueChats(engine, { chatIds: [chatId] });
    await engine.database.prisma.notification.updateMany({
      where: { id: { in: notificationIds } },
      data: { state },
    });
    const { outcome, dueAt } = note(await explain(bob, id));
    expect([outcome, dueAt !== null]).toEqual([state, state === "waiting"]);
  });

  it("because there was none to be made", async () => {
    const { bob, chatId } = await newGroup();
    const first = await say(chatId);
    const deleted = await say(chatId);
    await deleteMessage(engine, { actor: alice, chatId, messageId: deleted.id });
    await addMembers(engine, { actor: alice, chatId, userIds: ["late"] });
    await changeChatStatus(engine, { actor: alice, chatId, status: "closed" });
    const page = { actor: operator, chatId, limit: 10, position: { page: 1 } };
    const { messages } = await listMessages(engine, page);
    const status = messages.at(-1)?.id ?? "";
    await collectDueChats(engine, { chatIds: [chatId] });
    await decideNotifications(engine, { which: { limit: 500 } });
    const outcomes = await Promise.all([
      explain(alice, first.id),
      explain(bob, deleted.id),
      explain(bob, status),
      explain(operator, first.id, "late"),
      explain(operator, first.id, "stranger"),
    ]);
    expect(outcomes.map((one) => note(one).outcome)).toEqual([
      "own_message",
      "message_deleted",
      "not_notified",
      "joined_later",
      "not_member",
    ]);
    await engine.database.prisma.notification.deleteMany({ where: { chatId } });
    expect(note(await explain(bob, first.id)).outcome).toBe("not_recorded");
  });

  it("for each message of a notification that tells of several", async () => {
    const { bob, chatId } = await newGroup();
    const first = await say(chatId);
    const mine = await sendMessage(engine, { actor: bob, chatId, draft: { content: "mine", type: "text" } });
    const third = await say(chatId);
    await collectDueChats(engine, { chatIds: [chatId] });
    const ids = [await explain(bob, first.id), await explain(bob, third.id)].map((one) => one.notificationId);
    expect(ids[0]).toBe(ids[1]);
    expect((await explain(bob, mine.id)).outcome).toBe("own_message");
  });

  it("is nobody else's business", async () => {
    const { bob, chatId } = await newGroup();
    const { id } = await say(chatId);
    await collectDueChats(engine, { chatIds: [chatId] });
    await expect(explain(alice, id, bob.userId)).rejects.toMatchObject({ code: "forbidden" });
    const stranger = { userId: "stranger", role: "user" };
    await expect(explain(stranger, id)).rejects.toMatchObject({ code: "message_not_found" });
    await expect(explain(bob, randomUUID())).rejects.toMatchObject({ code: "message_not_found" });
    await expect(explain(operator, randomUUID(), bob.userId)).rejects.toMatchObject({
      code: "message_not_found",
    });
    expect((await explain({ userId: "platform", role: "system" }, id, bob.userId)).outcome).toBe("pending");
  });

  it("has been seen with every outcome", () => {
    expect([...seen].toSorted()).toEqual(Object.keys(EXPLAINED_OUTCOMES).toSorted());
  });
});
