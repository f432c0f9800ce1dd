import {
  createTestDatabase,
  measureQueries,
  openTestEngine,
  Random,
  type TestDatabase,
  type TestEngine,
} from "@parley/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createChat } from "../chats/create-chat.js";
import { addMembers } from "../members/add-members.js";
import { sendMessage } from "../messages/send-message.js";
import { closeEngine } from "../open-engine.js";
import { collectDueChats } from "./collect-due-chats.js";
import { readContents } from "./read-contents.js";
import { readPushFacts } from "./read-push-facts.js";

const owner = { userId: "owner", role: "user" };

let database: TestDatabase;
let node: TestEngine;

beforeAll(async () => {
  database = await createTestDatabase();
  // One connection, so that what is read can be counted.
  node = openTestEngine(database.url, { poolSize: 1 });
});

afterAll(async () => {
  await closeEngine(node.engine);
  await database.drop();
});

async function newGroup(memberIds: string[]): Promise<string> {
  const request = { type: "group" as const, name: "many", memberIds };
  return (await createChat(node.engine, { actor: owner, request })).id;
}

const say = (chatId: string, userId: string) =>
  sendMessage(node.engine, {
    actor: { userId, role: "user" },
    chatId,
    draft: { content: "x", type: "text" },
  });

/** What each person is to be told, worked out one by one: what others wrote since they came. */
async function expected(chatId: string): Promise<string[]> {
  const { prisma } = node.engine.database;
  const members = await prisma.member.findMany({ where: { chatId }, orderBy: { userId: "asc" } });
  const messages = await prisma.message.findMany({
    where: { chatId, type: "text" },
    orderBy: { seq: "asc" },
  });
  return members.flatMap(({ userId, joinedSeq }) => {
    const told = messages.filter(({ senderId, seq }) => senderId !== userId && seq > joinedSeq);
    const newest = told.at(-1)?.createdAt.toISOString();
    return told.length === 0
      ? []
      : [`${userId} ${told[0]?.seq}-${told.at(-1)?.seq} x${told.length} ${newest}`];
  });
}

async function found(chatId: string): Promise<string[]> {
  const rows = await node.engine.database.prisma.notification.findMany({
    where: { chatId, category: "chat_messages" },
    orderBy: { userId: "asc" },
  });
  return rows.map(
    ({ userId, fromSeq, toSeq, messageCount, newestAt }) =>
      `${userId} ${fromSeq}-${toSeq} x${messageCount} ${newestAt?.toISOString()}`,
  );
}

describe("a chat in which many write at the same time", () => {
  it("tells each of them what the others wrote since they came", async () => {
    const random = new Random(7);
    const pick = (count: number) => random.between(0, count - 1);
    for (let story = 0; story < 12; story++) {
      const people = Array.from({ length: 2 + pick(5) }, (_, index) => `s${story}-${index}`);
      const chatId = await newGroup(people);
      const members = [owner.userId, ...people];
      // Some stories are one person's, so that the first and the last to write are nobody else.
      const speakers = members.slice(0, 1 + pick(members.length));
      for (let step = 0; step < 1 + pick(12); step++) {
        if (pick(5) === 0) {
          const userId = `s${story}-late-${step}`;
          await addMembers(node.engine, { actor: owner, chatId, userIds: [userId] });
          members.push(userId);
          if (pick(2) === 0) speakers.push(userId);
        } else {
          await say(chatId, speakers[pick(speakers.length)] ?? owner.userId);
        }
      }
      await collectDueChats(node.engine, { chatIds: [chatId] });
      expect(await found(chatId)).toEqual(await expected(chatId));
    }
  });

  it("is looked through once, however many of its members wrote", async () => {
    const people = Array.from({ length: 150 }, (_, index) => `crowd-${index}`);
    const chatId = await newGroup(people);
    for (const userId of people) await say(chatId, userId);
    let ids: string[] = [];
    const collecting = await measureQueries(node.engine, async () => {
      ids = (await collectDueChats(node.engine, { chatIds: [chatId] })).notificationIds;
    });
    expect(ids).toHaveLength(people.length + 1);
    expect(collecting.rows.messages).toBeLessThan(2 * people.length);
    const which = { notificationIds: ids };
    const deciding = await measureQueries(node.engine, () => readPushFacts(node.engine, { which }));
    expect(deciding.rows.messages).toBeLessThan(5 * ids.length);
    const telling = await measureQueries(node.engine, () => readContents(node.engine, ids));
    expect(telling.rows.messages).toBeLessThan(8 * ids.length);
  });
});
