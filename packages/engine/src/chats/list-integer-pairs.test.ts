import { createTestDatabase, openTestEngine, type TestDatabase, type TestEngine } from "@parley/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { sendMessage } from "../messages/send-message.js";
import { closeEngine } from "../open-engine.js";
import { type ChatRequest, createChat } from "./create-chat.js";
import { listChats } from "./list-chats.js";
import { listIntegerPairs } from "./list-integer-pairs.js";

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

const person = (userId: string) => ({ userId, role: "user" });
const open = (userId: string, request: ChatRequest) =>
  createChat(node.engine, { actor: person(userId), request });
const pairOf = (userId: string, other: string) => open(userId, { type: "direct", userId: other });
const say = (userId: string, chatId: string) =>
  sendMessage(node.engine, { actor: person(userId), chatId, draft: { content: "text", type: "text" } });
const list = (userId: string, { limit = 50, offset = 0 } = {}) =>
  listIntegerPairs(node.engine, { actor: person(userId), limit, offset });

it("lists chats of two integers, newest activity first, and nothing else that the person has", async () => {
  const first = await pairOf("1", "20");
  const order = { type: "order", orderId: "o-1", userId: "3", shopperId: "1" } as const;
  const second = await open("1", order);
  const third = await pairOf("4", "1");
  await pairOf("1", "ann");
  await pairOf("1", "05");
  await open("1", { type: "group", name: "two", memberIds: ["2"] });
  await open("1", { ...order, orderId: "o-2", userId: "1", shopperId: "ben" });
  await pairOf("2", "3");
  const { total } = await listChats(node.engine, { actor: person("1"), limit: 50, page: 1 });
  expect(total).toBe(7);
  await say("1", first.id);
  await say("20", first.id);
  await say("3", second.id);
  const chats = await list("1");
  expect(chats.map(({ id }) => id)).toEqual([second.id, first.id, third.id]);
  expect(chats.map(({ pair }) => pair)).toEqual([
    ["3", "1"],
    ["1", "20"],
    ["1", "4"],
  ]);
  expect(chats.map(({ unreadCount }) => unreadCount)).toEqual([1, 1, 0]);
  expect(chats[1]?.lastMessage).toMatchObject({ seq: 2, senderId: "20" });
  expect(chats[2]?.lastMessage).toBeNull();
  expect((await list("1", { limit: 1, offset: 1 })).map(({ id }) => id)).toEqual([first.id]);
  expect(await list("99")).toEqual([]);
});

it("takes the same few queries however many they are", async () => {
  const others = Array.from({ length: 200 }, (_, index) => String(1_000 + index));
  // As many at once as the pool has connections.
  for (let from = 0; from < others.length; from += 5) {
    await Promise.all(
      others.slice(from, from + 5).map(async (other) => say(other, (await pairOf("7", other)).id)),
    );
  }
  const { counts } = node.engine.database;
  const before = counts.statements;
  const chats = await list("7", { limit: 1_000 });
  expect(chats).toHaveLength(others.length);
  expect(chats.every(({ lastMessage, unreadCount }) => lastMessage !== null && unreadCount === 1)).toBe(true);
  expect(counts.statements - before).toBeLessThan(6);
});
