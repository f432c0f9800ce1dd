import { randomUUID } from "node:crypto";
import { addTestDevice, createTestDatabase, openTestEngine, type TestDatabase } from "@parley/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createChat } from "../chats/create-chat.js";
import type { Engine } from "../engine.js";
import { addMembers } from "../members/add-members.js";
import { removeMember } from "../members/remove-member.js";
import { deleteMessage } from "../messages/delete-message.js";
import { sendMessage } from "../messages/send-message.js";
import { closeEngine } from "../open-engine.js";
import { claimDeliveries } from "./claim-deliveries.js";
import { collectDueChats } from "./collect-due-chats.js";
import { decideNotifications } from "./decide-notifications.js";
import { listNotifications } from "./list-notifications.js";

const alice = { userId: "alice", role: "user" };

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

const say = (chatId: string, content: string) =>
  sendMessage(engine, { actor: alice, chatId, draft: { content, type: "text" } });

const only = async (chatId: string) =>
  engine.database.prisma.notification.findFirstOrThrow({ where: { chatId } });

/** Somebody with an undecided notification of "before", who then missed "secret" and came back; `collect` takes in what is said then. */
async function comeBack() {
  const bob = { userId: `bob-${randomUUID()}`, role: "user" };
  await addTestDevice(engine, bob.userId);
  const request = { type: "group" as const, name: "g", memberIds: [bob.userId] };
  const { id: chatId } = await createChat(engine, { actor: alice, request });
  await say(chatId, "before");
  await collectDueChats(engine, { chatIds: [chatId] });
  await removeMember(engine, { actor: alice, chatId, userId: bob.userId });
  await say(chatId, "secret");
  await addMembers(engine, { actor: alice, chatId, userIds: [bob.userId] });
  const collect = () => collectDueChats(engine, { chatIds: [chatId] });
  const decide = async () => {
    const { id } = await only(chatId);
    return decideNotifications(engine, { which: { notificationIds: [id] } });
  };
  return { bob, chatId, collect, decide };
}

const listed = async (actor: { userId: string; role: string }) =>
  JSON.stringify(await listNotifications(engine, { actor, page: 1, limit: 10 }));

describe("somebody who comes back to a chat", () => {
  it("is told of what is said from then on, and of nothing else", async () => {
    const { bob, chatId, collect, decide } = await comeBack();
    await say(chatId, "welcome");
    await collect();
    expect(await only(chatId)).toMatchObject({ fromSeq: 3, toSeq: 3, messageCount: 1 });
    const { due } = await decide();
    const [claimed] = await claimDeliveries(engine, { notificationIds: due });
    expect(claimed?.payload.body).toContain("welcome");
    expect(await listed(bob)).toContain("welcome");
  });

  it("is not shown what they missed when the message that they were told of is deleted", async () => {
    const { bob, chatId, collect, decide } = await comeBack();
    const { id: messageId } = await say(chatId, "welcome");
    await collect();
    // As rows were stored that both stays share.
    await engine.database.prisma.notification.updateMany({
      where: { chatId },
      data: { fromSeq: 1 },
    });
    const { due } = await decide();
    expect(due).toHaveLength(1);
    await deleteMessage(engine, { actor: alice, chatId, messageId });
    const list = await listed(bob);
    expect(list).not.toMatch(/secret|before/);
    expect(list).toContain('"total":1');
    expect(await claimDeliveries(engine, { notificationIds: due })).toEqual([]);
    expect(await only(chatId)).toMatchObject({ state: "cancelled", reason: "message_deleted" });
  });

  it("is not pushed for a deleted message because of what they missed", async () => {
    const { chatId, collect, decide } = await comeBack();
    const { id: messageId } = await say(chatId, "welcome");
    await collect();
    await engine.database.prisma.notification.updateMany({ where: { chatId }, data: { fromSeq: 1 } });
    await deleteMessage(engine, { actor: alice, chatId, messageId });
    expect((await decide()).suppressed).toMatchObject([{ reason: "message_deleted" }]);
  });

  it("is not pushed what was said before they left", async () => {
    const { chatId, decide } = await comeBack();
    // Coming back counts as having read; which is not why.
    await engine.database.prisma.member.updateMany({ where: { chatId }, data: { readSeq: 0 } });
    expect((await decide()).suppressed).toMatchObject([{ reason: "not_member" }]);
  });

  it("is not pushed what was already due then", async () => {
    const { chatId } = await comeBack();
    const { id } = await only(chatId);
    await engine.database.prisma.notification.update({ where: { id }, data: { state: "due" } });
    await engine.database.prisma.member.updateMany({ where: { chatId }, data: { readSeq: 0 } });
    expect(await claimDeliveries(engine, { notificationIds: [id] })).toEqual([]);
    expect(await only(chatId)).toMatchObject({ state: "cancelled", reason: "not_member" });
  });
});
