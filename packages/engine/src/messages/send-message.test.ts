import { randomUUID } from "node:crypto";
import type { Message } from "@parley/contracts";
import { createTestDatabase, openTestEngine, type TestDatabase, type TestEngine } from "@parley/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { changeChatStatus } from "../chats/change-chat-status.js";
import { createChat } from "../chats/create-chat.js";
import { removeMember } from "../members/remove-member.js";
import { closeEngine } from "../open-engine.js";
import { deleteMessage } from "./delete-message.js";
import { editMessage } from "./edit-message.js";
import { listMessages } from "./list-messages.js";
import { findSent, sendMessage } from "./send-message.js";

const alice = { userId: "alice", role: "user" };
const bob = { userId: "bob", role: "user" };
const eve = { userId: "eve", role: "user" };
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

const text = (content: string, clientId?: string) => ({ content, type: "text" as const, clientId });

async function history(chatId: string): Promise<Message[]> {
  const page = { actor: platform, chatId, limit: 10_000, position: { afterSeq: 0 } };
  return (await listMessages(first.engine, page)).messages;
}

describe("sendMessage", () => {
  it("numbers the messages of 50 concurrent senders on two nodes 1..n without a gap", async () => {
    const members = Array.from({ length: 49 }, (_, index) => `member-${index}`);
    const chatId = await newGroup(members);
    const senders = ["alice", ...members];
    const rounds = 10;
    const sends = Array.from({ length: rounds }, (_, round) =>
      senders.map((userId, index) =>
        sendMessage((index + round) % 2 === 0 ? first.engine : second.engine, {
          actor: { userId, role: "user" },
          chatId,
          draft: text(`${userId} ${round}`),
        }),
      ),
    ).flat();
    const sent = await Promise.all(sends);
    const stored = await history(chatId);
    expect(stored.map((message) => message.seq)).toEqual(sent.map((_, index) => index + 1));
    expect(new Set(sent.map((message) => message.id))).toEqual(new Set(stored.map((message) => message.id)));
    expect(stored.map((message) => message.rev)).toEqual(stored.map((message) => message.seq + 1));
  });

  it("publishes each commit once, in the chat's order, with the members as audience", async () => {
    const chatId = await newGroup(["bob"]);
    await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        sendMessage(first.engine, { actor: alice, chatId, draft: text(`${index}`) }),
      ),
    );
    const changes = first.batches
      .flatMap((batch) => batch.changes)
      .filter((change) => change.chatId === chatId);
    const created = changes.filter((change) => change.body.name === "message.created");
    expect(created.map((change) => change.rev)).toEqual(Array.from({ length: 40 }, (_, index) => index + 2));
    expect(created.every((change) => change.audience?.toSorted().join() === "alice,bob")).toBe(true);
    const batches = first.batches.filter((batch) => batch.changes.some((change) => change.chatId === chatId));
    expect(batches.length).toBeLessThan(created.length);
  });

  it("keeps the order in which one sender sent", async () => {
    const chatId = await newGroup([]);
    const contents = Array.from({ length: 600 }, (_, index) => `${index}`);
    await Promise.all(
      contents.map((content) => sendMessage(first.engine, { actor: alice, chatId, draft: text(content) })),
    );
    expect((await history(chatId)).map((message) => message.content)).toEqual(contents);
  });

  it("answers the same client id sent at once on two nodes with one message", async () => {
    const chatId = await newGroup(["bob"]);
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        sendMessage(index % 2 === 0 ? first.engine : second.engine, {
          actor: alice,
          chatId,
          draft: text("once", "client-1"),
        }),
      ),
    );
    expect(new Set(answers.map((message) => JSON.stringify(message))).size).toBe(1);
    expect(await history(chatId)).toHaveLength(1);
    const other = await sendMessage(first.engine, { actor: bob, chatId, draft: text("once", "client-1") });
    expect(other.seq).toBe(2);
  });

  it("refuses a client id that names another message, also when both wait for the same commit", async () => {
    const chatId = await newGroup([]);
    const results = await Promise.allSettled([
      sendMessage(first.engine, { actor: alice, chatId, draft: text("one", "c") }),
      sendMessage(first.engine, { actor: alice, chatId, draft: text("two", "c") }),
    ]);
    expect(results[0]).toMatchObject({ status: "fulfilled" });
    expect(results[1]).toMatchObject({ status: "rejected", reason: { code: "client_id_reused" } });
    const later = sendMessage(second.engine, { actor: alice, chatId, draft: text("three", "c") });
    await expect(later).rejects.toMatchObject({ code: "client_id_reused", status: 422 });
    expect(await history(chatId)).toHaveLength(1);
  });

  it("returns the original to a retry after an edit, after a deletion and after the chat was closed", async () => {
    const chatId = await newGroup([]);
    const draft = { ...text("first", "c"), metadata: { b: [1, { d: 2, c: 3 }], a: null } };
    const sent = await sendMessage(first.engine, { actor: alice, chatId, draft });
    await editMessage(first.engine, { actor: alice, chatId, messageId: sent.id, content: "edited" });
    const reordered = { ...draft, metadata: { a: null, b: [1, { c: 3, d: 2 }] } };
    const edited = await sendMessage(first.engine, { actor: alice, chatId, draft: reordered });
    expect(edited).toMatchObject({ id: sent.id, seq: 1, content: "edited" });
    await deleteMessage(first.engine, { actor: alice, chatId, messageId: sent.id });
    await changeChatStatus(first.engine, { actor: alice, chatId, status: "closed" });
    const closed = await sendMessage(second.engine, { actor: alice, chatId, draft });
    expect(closed).toMatchObject({ id: sent.id, content: "" });
    const fresh = sendMessage(first.engine, { actor: alice, chatId, draft: text("new", "c2") });
    await expect(fresh).rejects.toMatchObject({ code: "chat_closed" });
    expect(await findSent(first.engine, { actor: alice, chatId, draft })).toMatchObject({ id: sent.id });
    expect(await findSent(first.engine, { actor: eve, chatId, draft })).toBeNull();
  });

  it("refuses outsiders, former members and replies into other chats, and burns no number for them", async () => {
    const chatId = await newGroup(["bob"]);
    const elsewhere = await newGroup([]);
    const there = await sendMessage(first.engine, { actor: alice, chatId: elsewhere, draft: text("x") });
    const reply = { ...text("re"), replyTo: there.id };
    const results = await Promise.allSettled([
      sendMessage(first.engine, { actor: alice, chatId, draft: text("1") }),
      sendMessage(first.engine, { actor: eve, chatId, draft: text("no") }),
      sendMessage(first.engine, { actor: alice, chatId, draft: reply }),
      sendMessage(first.engine, { actor: alice, chatId: randomUUID(), draft: text("nowhere") }),
      sendMessage(first.engine, { actor: bob, chatId, draft: text("2") }),
    ]);
    expect(
      results.map((result) => (result.status === "fulfilled" ? result.value.seq : result.reason.code)),
    ).toEqual([1, "chat_not_found", "reply_to_not_found", "chat_not_found", 2]);
    await removeMember(first.engine, { actor: alice, chatId, userId: "bob" });
    const former = sendMessage(second.engine, { actor: bob, chatId, draft: text("3") });
    await expect(former).rejects.toMatchObject({ code: "chat_not_found" });
  });

  it("does not let one message that the database refuses fail its batch", async () => {
    const chatId = await newGroup([]);
    const contents = ["a", "b", "bad \u0000", "c", "d"];
    const results = await Promise.allSettled(
      contents.map((content) => sendMessage(first.engine, { actor: alice, chatId, draft: text(content) })),
    );
    expect(results.map((result) => result.status)).toEqual([
      "fulfilled",
      "fulfilled",
      "rejected",
      "fulfilled",
      "fulfilled",
    ]);
    expect((await history(chatId)).map((message) => `${message.seq}${message.content}`)).toEqual([
      "1a",
      "2b",
      "3c",
      "4d",
    ]);
  });

  it("counts sending as reading, and notes when the passed messages were read", async () => {
    const chatId = await newGroup(["bob"]);
    await sendMessage(first.engine, { actor: bob, chatId, draft: text("hello") });
    expect((await history(chatId))[0]?.readAt).toBeNull();
    await sendMessage(first.engine, { actor: alice, chatId, draft: text("hi") });
    const [hello, hi] = await history(chatId);
    expect(hello?.readAt).not.toBeNull();
    expect(hi?.readAt).toBeNull();
    const member = await first.engine.database.prisma.member.findUniqueOrThrow({
      where: { chatId_userId: { chatId, userId: "alice" } },
    });
    expect(member.readSeq).toBe(2);
  });

  it("refuses what does not fit into the queue, and stores all that it accepted", async () => {
    const small = openTestEngine(database.url, { queueLimit: 10 });
    const chatId = await newGroup([]);
    const results = await Promise.allSettled(
      Array.from({ length: 50 }, (_, index) =>
        sendMessage(small.engine, { actor: alice, chatId, draft: text(`${index}`) }),
      ),
    );
    const refused = results.filter((result) => result.status === "rejected");
    expect(refused).toHaveLength(40);
    expect(refused[0]?.reason).toMatchObject({ code: "overloaded", retryable: true, retryAfterMs: 1_000 });
    await closeEngine(small.engine);
    expect(await history(chatId)).toHaveLength(10);
  });

  it("says that it can be tried again when the database can't be reached", async () => {
    const chatId = await newGroup([]);
    const nowhere = openTestEngine("postgresql://parley@127.0.0.1:1/none");
    const send = sendMessage(nowhere.engine, { actor: alice, chatId, draft: text("x") });
    await expect(send).rejects.toMatchObject({ code: "database_unavailable", status: 503, retryable: true });
    await closeEngine(nowhere.engine);
  });

  it("lets only the platform send the platform's types", async () => {
    const chatId = await newGroup([]);
    const draft = { content: "x", type: "system" as const };
    await expect(sendMessage(first.engine, { actor: alice, chatId, draft })).rejects.toMatchObject({
      code: "forbidden",
    });
    expect(await sendMessage(first.engine, { actor: platform, chatId, draft })).toMatchObject({ seq: 1 });
    const update = sendMessage(first.engine, {
      actor: platform,
      chatId,
      draft: { ...draft, type: "order_update" },
    });
    await expect(update).rejects.toMatchObject({ code: "forbidden" });
  });
});
