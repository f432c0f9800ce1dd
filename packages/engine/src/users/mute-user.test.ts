import { createTestDatabase, openTestEngine, type TestDatabase, type TestEngine } from "@parley/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createChat } from "../chats/create-chat.js";
import { createOpenChat } from "../chats/create-open-chat.js";
import { assertMayBegin } from "../messages/assert-may-begin.js";
import { deleteMessage } from "../messages/delete-message.js";
import { editMessage } from "../messages/edit-message.js";
import { listMessages } from "../messages/list-messages.js";
import { reactToMessage } from "../messages/react-to-message.js";
import { sendMessage } from "../messages/send-message.js";
import { closeEngine } from "../open-engine.js";
import { markRead } from "../receipts/mark-read.js";
import { muteUser } from "./mute-user.js";
import { readAccess } from "./read-access.js";

const ana = { userId: "ana", role: "user" };
const bob = { userId: "bob", role: "user" };
const ops = { userId: "ops", role: "admin" };
const NOW = new Date("2026-03-04T10:00:00Z");
const LATER = new Date("2026-03-04T11:00:00Z");

let database: TestDatabase;
let node: TestEngine;
let chatId: string;
let until: Date | null = null;
const hello = { content: "hello", type: "text" as const, clientId: "hello-1" };

beforeAll(async () => {
  database = await createTestDatabase();
  const mutedUntil = (userId: string) => (userId === "ana" ? until : null);
  node = openTestEngine(database.url, { mutedUntil, clock: () => NOW });
  chatId = (await createChat(node.engine, { actor: ana, request: { type: "direct", userId: "bob" } })).id;
  await sendMessage(node.engine, { actor: ana, chatId, draft: hello });
});

beforeEach(() => {
  until = null;
});

afterAll(async () => {
  await closeEngine(node.engine);
  await database.drop();
});

const muted = {
  code: "user_muted",
  kind: "forbidden",
  message: expect.stringContaining("2026-03-04T11:00:00.000Z"),
};

describe("a muted person", () => {
  it("sends, edits and reacts no more, and is told until when", async () => {
    const { engine } = node;
    const mine = await sendMessage(engine, { actor: ana, chatId, draft: hello });
    const theirs = await sendMessage(engine, { actor: bob, chatId, draft: { content: "hi", type: "text" } });
    const attempts = [
      () => sendMessage(engine, { actor: ana, chatId, draft: { content: "more", type: "text" } }),
      () => editMessage(engine, { actor: ana, chatId, messageId: mine.id, content: "other" }),
      () => reactToMessage(engine, { actor: ana, chatId, messageId: theirs.id, emoji: "👍", remove: false }),
      () => assertMayBegin(engine, { actor: ana, draft: { content: "more", type: "text" } }),
    ];
    until = LATER;
    for (const attempt of attempts) await expect(attempt()).rejects.toMatchObject(muted);
    const { messages } = await listMessages(engine, { actor: ana, chatId, limit: 10, position: { page: 1 } });
    expect(messages.map(({ content }) => content).toSorted()).toEqual(["hello", "hi"]);
    // It was the mute that kept them from it.
    until = NOW;
    for (const attempt of attempts) await expect(attempt()).resolves.not.toThrow();
  });

  it("says nothing by opening chats either, and finds those that are there", async () => {
    const { engine } = node;
    const order = { type: "order", orderId: "o-1", userId: "ana", shopperId: "sam" } as const;
    const request = { ...order, initialMessage: "nor here" };
    const attempts = [
      () =>
        createChat(engine, {
          actor: ana,
          request: { type: "group", name: "what I may not say", memberIds: ["bob"] },
        }),
      () => createChat(engine, { actor: ana, request }),
      () => createOpenChat(engine, { actor: ana, name: "what I may not say", externalKey: "post-1" }),
    ];
    until = LATER;
    for (const attempt of attempts) await expect(attempt()).rejects.toMatchObject(muted);
    const direct = await createChat(engine, { actor: ana, request: { type: "direct", userId: "bob" } });
    expect(direct.id).toBe(chatId);
    // It was the mute that kept them from it.
    until = NOW;
    for (const attempt of attempts) await attempt();
    until = LATER;
    for (const attempt of attempts.slice(1)) await expect(attempt()).resolves.toBeDefined();
  });

  it("reads, takes back, and gets the answer to what was sent before", async () => {
    const { engine } = node;
    const mine = await sendMessage(engine, { actor: ana, chatId, draft: { content: "oops", type: "text" } });
    const theirs = await sendMessage(engine, { actor: bob, chatId, draft: { content: "hi", type: "text" } });
    const reaction = { actor: ana, chatId, messageId: theirs.id, emoji: "🎉" };
    await reactToMessage(engine, { ...reaction, remove: false });
    until = LATER;
    await markRead(engine, { actor: ana, chatId, messageIds: [theirs.id] });
    await reactToMessage(engine, { ...reaction, remove: true });
    await deleteMessage(engine, { actor: ana, chatId, messageId: mine.id });
    const retried = await sendMessage(engine, { actor: ana, chatId, draft: hello });
    expect(retried).toMatchObject({ clientId: "hello-1", seq: 1 });
    const other = { ...hello, content: "something else" };
    await expect(sendMessage(engine, { actor: ana, chatId, draft: other })).rejects.toMatchObject({
      code: "client_id_reused",
    });
  });

  it("is spoken for by the platform", async () => {
    until = LATER;
    const actor = { userId: "ana", role: "system" };
    const sent = await sendMessage(node.engine, { actor, chatId, draft: { content: "x", type: "text" } });
    expect(sent.senderId).toBe("ana");
  });
});

describe("muting", () => {
  it("is kept with its time, told to the nodes, and ended", async () => {
    const { engine, batches } = node;
    const mute = { actor: ops, userId: "ana", reason: "insults" };
    const before = batches.length;
    expect(await muteUser(engine, { ...mute, until: LATER })).toEqual({ mutedUntil: LATER });
    expect(batches.slice(before)).toMatchObject([{ access: ["ana"] }]);
    const first = await readAccess(engine, "0");
    expect(first.changed).toMatchObject([{ userId: "ana", mutedUntilMs: LATER.getTime(), blocked: false }]);
    expect(await muteUser(engine, { ...mute, until: null })).toEqual({ mutedUntil: null });
    const second = await readAccess(engine, first.next);
    expect(second.changed).toMatchObject([{ userId: "ana", mutedUntilMs: null }]);
  });

  it("until a time that is over is none, and nobody mutes the platform", async () => {
    const mute = { actor: ops, reason: "", until: new Date(0) };
    expect(await muteUser(node.engine, { ...mute, userId: "ana" })).toEqual({ mutedUntil: null });
    await expect(muteUser(node.engine, { ...mute, userId: "system" })).rejects.toMatchObject({
      code: "forbidden",
    });
  });
});
