import { createTestDatabase, openTestEngine, type TestDatabase, type TestEngine } from "@parley/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { listMemberIds } from "../members/list-member-ids.js";
import { removeMember } from "../members/remove-member.js";
import { sendMessage } from "../messages/send-message.js";
import { closeEngine } from "../open-engine.js";
import { markAllRead } from "../receipts/mark-all-read.js";
import { createChat } from "./create-chat.js";
import { getTotalUnread } from "./get-total-unread.js";

const alice = { userId: "alice", role: "user" };
const bob = { userId: "bob", role: "user" };

let database: TestDatabase;
let node: TestEngine;

beforeAll(async () => {
  database = await createTestDatabase();
  node = openTestEngine(database.url);
});

afterAll(async () => {
  await closeEngine(node.engine);
  await database.drop();
});

async function newGroup(messages: number): Promise<string> {
  const request = { type: "group" as const, name: "test", memberIds: ["bob"] };
  const { id: chatId } = await createChat(node.engine, { actor: alice, request });
  for (let turn = 0; turn < messages; turn++) {
    await sendMessage(node.engine, { actor: alice, chatId, draft: { content: "text", type: "text" } });
  }
  return chatId;
}

it("adds up what is unread in all of somebody's chats, and in no others", async () => {
  const unread = (actor = bob) => getTotalUnread(node.engine, { actor });
  expect(await unread()).toBe(0);
  const [first, second] = [await newGroup(3), await newGroup(2)];
  expect([await unread(), await unread(alice)]).toEqual([5, 0]);
  await markAllRead(node.engine, { actor: bob, chatId: first });
  expect(await unread()).toBe(2);
  await removeMember(node.engine, { actor: alice, chatId: second, userId: "bob" });
  expect(await unread()).toBe(0);
});

it("lists who is in a chat to those who may read it", async () => {
  const chatId = await newGroup(0);
  expect((await listMemberIds(node.engine, { actor: bob, chatId })).sort()).toEqual(["alice", "bob"]);
  await removeMember(node.engine, { actor: alice, chatId, userId: "bob" });
  expect(await listMemberIds(node.engine, { actor: alice, chatId })).toEqual(["alice"]);
  await expect(listMemberIds(node.engine, { actor: bob, chatId })).rejects.toMatchObject({
    code: "chat_not_found",
  });
});
