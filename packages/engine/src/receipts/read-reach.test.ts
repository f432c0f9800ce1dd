import { AUDIENCE_LIST_LIMIT } from "@parley/contracts";
import { createTestDatabase, openTestEngine, type TestDatabase, type TestEngine } from "@parley/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createChat } from "../chats/create-chat.js";
import { addMembers } from "../members/add-members.js";
import { sendMessage } from "../messages/send-message.js";
import { closeEngine } from "../open-engine.js";
import { changeSettings } from "../settings/change-settings.js";
import { markAllRead } from "./mark-all-read.js";
import { markDelivered } from "./mark-delivered.js";
import { markRead } from "./mark-read.js";
import { readReach } from "./read-reach.js";

const person = (userId: string) => ({ userId, role: "user" });
const alice = person("alice");

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

/** A group of alice's with so many messages of hers. */
async function newGroup(messages: number, memberIds: string[]) {
  const request = { type: "group" as const, name: "test", memberIds };
  const { id: chatId } = await createChat(node.engine, { actor: alice, request });
  const ids: string[] = [];
  for (let turn = 0; turn < messages; turn++) {
    const draft = { content: "text", type: "text" as const };
    ids.push((await sendMessage(node.engine, { actor: alice, chatId, draft })).id);
  }
  return { chatId, ids };
}

const reachOf = async (userId: string, chatId: string) =>
  (await readReach(node.engine, { userId, chatIds: [chatId] })).get(chatId);

it("tells how far the furthest of the others has come, and the person themself", async () => {
  const { chatId, ids } = await newGroup(4, ["bob", "carol"]);
  const nothing = { ownReadSeq: 4, othersReadSeq: 0, othersDeliveredSeq: 0 };
  expect(await reachOf("alice", chatId)).toEqual(nothing);
  await markDelivered(node.engine, { actor: person("carol"), chatId, seq: 3 });
  await markRead(node.engine, { actor: person("bob"), chatId, messageIds: ids.slice(0, 2) });
  expect(await reachOf("alice", chatId)).toEqual({ ...nothing, othersReadSeq: 2, othersDeliveredSeq: 3 });
  expect(await reachOf("bob", chatId)).toEqual({ ownReadSeq: 2, othersReadSeq: 4, othersDeliveredSeq: 4 });
  expect(await reachOf("eve", chatId)).toMatchObject({ ownReadSeq: 0 });
});

it("tells of several chats at once, and of none that does not exist", async () => {
  const chats = [await newGroup(1, ["bob"]), await newGroup(2, ["bob"])];
  const chatIds = chats.map(({ chatId }) => chatId);
  const reach = await readReach(node.engine, {
    userId: "alice",
    chatIds: [...chatIds, "00000000-0000-7000-8000-000000000000"],
  });
  expect(new Map(chatIds.map((id) => [id, reach.get(id)?.ownReadSeq]))).toEqual(
    new Map(chatIds.map((id, index) => [id, index + 1])),
  );
  expect(reach.size).toBe(2);
});

it("does not take a newcomer for somebody who has read what stood there", async () => {
  const { chatId } = await newGroup(2, []);
  await addMembers(node.engine, { actor: alice, chatId, userIds: ["dan"] });
  expect(await reachOf("alice", chatId)).toMatchObject({ othersReadSeq: 0, othersDeliveredSeq: 0 });
  await sendMessage(node.engine, { actor: alice, chatId, draft: { content: "welcome", type: "text" } });
  await markAllRead(node.engine, { actor: person("dan"), chatId });
  expect(await reachOf("alice", chatId)).toMatchObject({ othersReadSeq: 3, othersDeliveredSeq: 3 });
});

it("keeps what was read in private to the reader", async () => {
  const { chatId } = await newGroup(2, ["ida", "bob"]);
  await changeSettings(node.engine, { actor: person("ida"), change: { privateReading: true } });
  await markAllRead(node.engine, { actor: person("ida"), chatId });
  expect(await reachOf("ida", chatId)).toMatchObject({ ownReadSeq: 2 });
  expect(await reachOf("alice", chatId)).toMatchObject({ othersReadSeq: 0, othersDeliveredSeq: 0 });
  await markAllRead(node.engine, { actor: person("bob"), chatId });
  expect(await reachOf("alice", chatId)).toMatchObject({ othersReadSeq: 2 });
});

it("says nothing of the others in a large chat, whose positions would have to be looked through", async () => {
  const others = Array.from({ length: AUDIENCE_LIST_LIMIT - 1 }, (_, index) => `m${index}`);
  const { chatId } = await newGroup(1, others);
  await markAllRead(node.engine, { actor: person("m1"), chatId });
  expect(await reachOf("alice", chatId)).toMatchObject({ othersReadSeq: 1 });
  await addMembers(node.engine, { actor: alice, chatId, userIds: ["one-more"] });
  expect(await reachOf("alice", chatId)).toEqual({ ownReadSeq: 1, othersReadSeq: 0, othersDeliveredSeq: 0 });
});
