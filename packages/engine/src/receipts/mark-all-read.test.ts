import { createTestDatabase, openTestEngine, type TestDatabase, type TestEngine } from "@parley/testing";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { createChat } from "../chats/create-chat.js";
import { getUnreadCount } from "../chats/get-unread-count.js";
import { listMessages } from "../messages/list-messages.js";
import { sendMessage } from "../messages/send-message.js";
import { closeEngine } from "../open-engine.js";
import { changeSettings } from "../settings/change-settings.js";
import { markAllRead } from "./mark-all-read.js";

const alice = { userId: "alice", role: "user" };
const bob = { userId: "bob", role: "user" };
const admin = { userId: "root", role: "admin" };

let database: TestDatabase;
let node: TestEngine;
let chatId: string;

beforeAll(async () => {
  database = await createTestDatabase();
  node = openTestEngine(database.url);
});

afterAll(async () => {
  await closeEngine(node.engine);
  await database.drop();
});

beforeEach(async () => {
  const request = { type: "group", name: "test", memberIds: ["bob"] } as const;
  chatId = (await createChat(node.engine, { actor: alice, request })).id;
});

const say = () =>
  sendMessage(node.engine, { actor: alice, chatId, draft: { content: "text", type: "text" } });
const readAll = (actor = bob) => markAllRead(node.engine, { actor, chatId });
const told = () =>
  node.batches.flatMap(({ changes }) => changes).filter(({ body }) => body.name === "messages.read").length;
const readTimes = async () => {
  const page = await listMessages(node.engine, { actor: alice, chatId, limit: 50, position: { page: 1 } });
  return page.messages.map(({ readAt }) => readAt !== null);
};

it("reads everything that is there, tells the others once, and again only when there is more", async () => {
  const before = told();
  expect(await readAll()).toEqual({ readSeq: 0, unreadCount: 0 });
  expect(told()).toBe(before);
  await say();
  await say();
  expect(await getUnreadCount(node.engine, { actor: bob, chatId })).toBe(2);
  expect(await readAll()).toMatchObject({ readSeq: 2, unreadCount: 0 });
  expect(await readAll()).toEqual({ readSeq: 2, unreadCount: 0 });
  expect(told()).toBe(before + 1);
  expect(await readTimes()).toEqual([true, true]);
  await say();
  expect(await readTimes()).toEqual([true, true, false]);
});

it("shows nothing of a private reader, and shows it when they read again in the open", async () => {
  await say();
  await changeSettings(node.engine, { actor: bob, change: { privateReading: true } });
  const before = told();
  expect(await readAll()).toEqual({ readSeq: 1, unreadCount: 0 });
  expect([told(), await readTimes()]).toEqual([before, [false]]);
  await changeSettings(node.engine, { actor: bob, change: { privateReading: false } });
  await readAll();
  expect([told(), await readTimes()]).toEqual([before + 1, [true]]);
});

it("refuses who has no position in the chat", async () => {
  await say();
  await expect(readAll({ userId: "eve", role: "user" })).rejects.toMatchObject({ code: "chat_not_found" });
  await expect(readAll(admin)).rejects.toMatchObject({ code: "forbidden" });
});
