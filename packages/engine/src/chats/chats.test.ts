import { createTestDatabase, openTestEngine, type TestDatabase, type TestEngine } from "@parley/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addMembers } from "../members/add-members.js";
import { listMembers } from "../members/list-members.js";
import { removeMember } from "../members/remove-member.js";
import { deleteMessage } from "../messages/delete-message.js";
import { editMessage } from "../messages/edit-message.js";
import { listMessages } from "../messages/list-messages.js";
import { reactToMessage } from "../messages/react-to-message.js";
import { sendMessage } from "../messages/send-message.js";
import { closeEngine } from "../open-engine.js";
import { shareReceipt } from "../orders/share-receipt.js";
import { updateOrder } from "../orders/update-order.js";
import { markRead } from "../receipts/mark-read.js";
import { changeChatStatus } from "./change-chat-status.js";
import { createChat } from "./create-chat.js";
import { getChat, getChatByOrder } from "./get-chat.js";
import { getUnreadCount } from "./get-unread-count.js";
import { listChats } from "./list-chats.js";
import { muteChat, unmuteChat } from "./mute-chat.js";

const alice = { userId: "alice", role: "user" };
const bob = { userId: "bob", role: "shopper" };
const eve = { userId: "eve", role: "user" };
const admin = { userId: "root", role: "admin" };
const platform = { userId: "platform", role: "system" };

let database: TestDatabase;
let node: TestEngine;
let orders = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  node = openTestEngine(database.url);
});

afterAll(async () => {
  await closeEngine(node.engine);
  await database.drop();
});

const orderRequest = (orderId = `order-${++orders}`) => ({
  type: "order" as const,
  orderId,
  userId: "alice",
  shopperId: "bob",
});

const newOrderChat = () => createChat(node.engine, { actor: alice, request: orderRequest() });
const say = (chatId: string, content: string, actor = alice) =>
  sendMessage(node.engine, { actor, chatId, draft: { content, type: "text" } });
const refusal = (code: string) => expect.objectContaining({ code });

describe("createChat", () => {
  it("makes one chat per order, however often and from however many sides it is asked at once", async () => {
    const request = { ...orderRequest(), initialMessage: "Ready to start shopping." };
    const chats = await Promise.all(
      [alice, bob, platform, admin, alice, bob].map((actor) => createChat(node.engine, { actor, request })),
    );
    expect(new Set(chats.map((chat) => chat.id)).size).toBe(1);
    expect(chats[0]).toMatchObject({ lastSeq: 1, type: "order", order: { id: request.orderId } });
    expect(chats[0]?.lastMessage).toMatchObject({ senderId: "system", type: "system", seq: 1 });
    const other = { ...request, shopperId: "carol" };
    await expect(createChat(node.engine, { actor: platform, request: other })).rejects.toEqual(
      refusal("order_chat_differs"),
    );
  });

  it("makes one direct chat per pair, whoever asks", async () => {
    const mine = await createChat(node.engine, { actor: alice, request: { type: "direct", userId: "eve" } });
    const theirs = await createChat(node.engine, {
      actor: eve,
      request: { type: "direct", userId: "alice" },
    });
    expect(theirs.id).toBe(mine.id);
    const alone = createChat(node.engine, { actor: alice, request: { type: "direct", userId: "alice" } });
    await expect(alone).rejects.toEqual(refusal("invalid_input"));
  });

  it("refuses an order of others", async () => {
    const asked = createChat(node.engine, { actor: eve, request: orderRequest() });
    await expect(asked).rejects.toEqual(refusal("forbidden"));
  });
});

describe("an outsider", () => {
  it("is told nothing by any operation, and an operator may read", async () => {
    const chat = await newOrderChat();
    const message = await say(chat.id, "hello");
    const at = { actor: eve, chatId: chat.id, messageId: message.id };
    const operations = [
      getChat(node.engine, at),
      getChatByOrder(node.engine, { actor: eve, orderId: chat.orderId ?? "" }),
      getUnreadCount(node.engine, at),
      listMembers(node.engine, at),
      listMessages(node.engine, { ...at, limit: 10, position: { page: 1 } }),
      say(chat.id, "no", eve),
      markRead(node.engine, { ...at, messageIds: [message.id] }),
      editMessage(node.engine, { ...at, content: "no" }),
      deleteMessage(node.engine, at),
      reactToMessage(node.engine, { ...at, emoji: "👍", remove: false }),
      addMembers(node.engine, { ...at, userIds: ["eve"] }),
      removeMember(node.engine, { ...at, userId: "alice" }),
      muteChat(node.engine, { ...at, until: null }),
      unmuteChat(node.engine, at),
      changeChatStatus(node.engine, { ...at, status: "closed" }),
      shareReceipt(node.engine, { ...at, receiptUrl: "https://example.com/r" }),
    ];
    const results = await Promise.allSettled(operations);
    expect(results.map((result) => result.status === "rejected" && result.reason.code)).toEqual(
      operations.map(() => "chat_not_found"),
    );
    expect((await getChat(node.engine, { actor: admin, chatId: chat.id })).lastSeq).toBe(1);
  });
});

describe("messages", () => {
  it("are edited by their sender, deleted by sender or operator, and keep their place", async () => {
    const { id: chatId } = await newOrderChat();
    const message = await say(chatId, "helo");
    const at = { chatId, messageId: message.id };
    const edited = await editMessage(node.engine, { ...at, actor: alice, content: "hello" });
    expect(edited).toMatchObject({ content: "hello", seq: 1, rev: 3 });
    expect(edited.editedAt).not.toBeNull();
    await expect(editMessage(node.engine, { ...at, actor: bob, content: "x" })).rejects.toEqual(
      refusal("forbidden"),
    );
    await expect(deleteMessage(node.engine, { ...at, actor: bob })).rejects.toEqual(refusal("forbidden"));
    const deleted = await deleteMessage(node.engine, { ...at, actor: admin });
    expect(deleted).toMatchObject({ content: "", seq: 1, rev: 4 });
    expect(await deleteMessage(node.engine, { ...at, actor: alice })).toMatchObject({ rev: 4 });
    for (const late of [
      editMessage(node.engine, { ...at, actor: alice, content: "back" }),
      reactToMessage(node.engine, { ...at, actor: bob, emoji: "👍", remove: false }),
    ]) {
      await expect(late).rejects.toEqual(refusal("message_deleted"));
    }
  });

  it("collect reactions once per person and emoji", async () => {
    const { id: chatId } = await newOrderChat();
    const { id: messageId } = await say(chatId, "nice");
    const react = (actor: typeof alice, emoji: string, remove = false) =>
      reactToMessage(node.engine, { actor, chatId, messageId, emoji, remove });
    await Promise.all([react(alice, "👍"), react(bob, "👍"), react(bob, "👍"), react(bob, "🎉")]);
    const shown = (await react(alice, "👍")).reactions;
    expect(shown.map(({ emoji, count }) => [emoji, count]).toSorted()).toEqual([
      ["🎉", 1],
      ["👍", 2],
    ]);
    expect((await react(bob, "👍", true)).reactions).toContainEqual({
      emoji: "👍",
      count: 1,
      userIds: ["alice"],
    });
  });

  it("are read page by page, before, after and around a place", async () => {
    const { id: chatId } = await newOrderChat();
    for (let index = 1; index <= 10; index++) await say(chatId, `${index}`);
    const page = async (position: Parameters<typeof listMessages>[1]["position"], limit = 3) => {
      const result = await listMessages(node.engine, { actor: bob, chatId, limit, position });
      return [result.messages.map((message) => message.seq), result.hasMore, result.total];
    };
    expect(await page({ page: 1 })).toEqual([[8, 9, 10], true, 10]);
    expect(await page({ page: 4 })).toEqual([[1], false, 10]);
    expect(await page({ page: 5 })).toEqual([[], false, 10]);
    expect(await page({ offset: 0 })).toEqual([[8, 9, 10], true, 10]);
    expect(await page({ offset: 5 })).toEqual([[3, 4, 5], true, 10]);
    expect(await page({ offset: 8 })).toEqual([[1, 2], false, 10]);
    expect(await page({ offset: 10 })).toEqual([[], false, 10]);
    expect(await page({ beforeSeq: 4 })).toEqual([[1, 2, 3], false, 10]);
    expect(await page({ beforeSeq: 1 })).toEqual([[], false, 10]);
    expect(await page({ afterSeq: 2 })).toEqual([[3, 4, 5], true, 10]);
    expect(await page({ afterSeq: 7 })).toEqual([[8, 9, 10], false, 10]);
    expect(await page({ aroundSeq: 5 })).toEqual([[4, 5, 6], true, 10]);
    expect(await page({ aroundSeq: 1 })).toEqual([[1, 2, 3], false, 10]);
  });
});

describe("reading", () => {
  it("moves forward only, tells the others once, and counts by arithmetic", async () => {
    const { id: chatId } = await newOrderChat();
    const sent = [];
    for (let index = 0; index < 5; index++) sent.push(await say(chatId, `${index}`));
    const ids = sent.map((message) => message.id);
    expect(await getUnreadCount(node.engine, { actor: bob, chatId })).toBe(5);
    const read = (messageIds: string[]) =>
      markRead(node.engine, { actor: bob, chatId, messageIds, connection: "c" });
    expect(await read(ids.slice(0, 3))).toEqual({ readSeq: 3, unreadCount: 2, rev: 7 });
    expect(await read(ids.slice(0, 1))).toEqual({ readSeq: 3, unreadCount: 2 });
    await expect(read([chatId])).rejects.toEqual(refusal("message_not_found"));
    const told = node.batches
      .flatMap((batch) => batch.changes)
      .filter((change) => change.chatId === chatId && change.body.name === "messages.read");
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({ exceptConnection: "c", rev: 7, seq: 5, body: { readSeq: 3 } });
    const page = { actor: alice, chatId, limit: 10, position: { page: 1 } };
    const { messages } = await listMessages(node.engine, page);
    expect(messages.map((message) => message.readAt !== null)).toEqual([true, true, true, false, false]);
    await expect(markRead(node.engine, { actor: admin, chatId, messageIds: ids })).rejects.toEqual(
      refusal("forbidden"),
    );
  });
});

describe("members", () => {
  it("are added and removed by the owner, and leave by themselves", async () => {
    const request = { type: "group" as const, name: "team", memberIds: ["bob", "bob", "alice"] };
    const { id: chatId } = await createChat(node.engine, { actor: alice, request });
    await say(chatId, "before");
    await expect(addMembers(node.engine, { actor: bob, chatId, userIds: ["eve"] })).rejects.toEqual(
      refusal("forbidden"),
    );
    const members = await addMembers(node.engine, { actor: alice, chatId, userIds: ["eve", "carol", "bob"] });
    expect(members.map((member) => member.userId).toSorted()).toEqual(["alice", "bob", "carol", "eve"]);
    expect(await getUnreadCount(node.engine, { actor: eve, chatId })).toBe(0);
    await removeMember(node.engine, { actor: eve, chatId, userId: "eve" });
    await removeMember(node.engine, { actor: alice, chatId, userId: "bob" });
    await expect(removeMember(node.engine, { actor: alice, chatId, userId: "bob" })).rejects.toEqual(
      refusal("member_not_found"),
    );
    await addMembers(node.engine, { actor: alice, chatId, userIds: ["eve"] });
    const detail = await getChat(node.engine, { actor: eve, chatId });
    expect(detail.memberCount).toBe(3);
    const { id: orderChat } = await newOrderChat();
    await expect(removeMember(node.engine, { actor: bob, chatId: orderChat, userId: "bob" })).rejects.toEqual(
      refusal("not_a_group"),
    );
  });

  it("of a growing group are named as long as it was small before the change", async () => {
    const request = {
      type: "group" as const,
      name: "big",
      memberIds: Array.from({ length: 48 }, (_, index) => `m${index}`),
    };
    const { id: chatId } = await createChat(node.engine, { actor: alice, request });
    await addMembers(node.engine, { actor: alice, chatId, userIds: ["x1", "x2"] });
    await say(chatId, "large now");
    const audiences = node.batches
      .flatMap((batch) => batch.changes)
      .filter((change) => change.chatId === chatId)
      .map((change) => change.audience?.length ?? null);
    expect(audiences).toEqual([49, 51, 51, null]);
  });
});

describe("my chats", () => {
  it("come with newest activity first, by page and by cursor", async () => {
    const zoe = { userId: "zoe", role: "user" };
    const ids: string[] = [];
    for (let index = 0; index < 5; index++) {
      const request = { type: "direct" as const, userId: `friend-${index}` };
      ids.push((await createChat(node.engine, { actor: zoe, request })).id);
    }
    await say(ids[1] ?? "", "newest", zoe);
    const expected = [ids[1], ids[4], ids[3], ids[2], ids[0]];
    const first = await listChats(node.engine, { actor: zoe, page: 1, limit: 2 });
    expect(first.chats.map((chat) => chat.id)).toEqual(expected.slice(0, 2));
    expect(first.chats[0]?.lastMessage?.content).toBe("newest");
    expect(first.total).toBe(5);
    const second = await listChats(node.engine, { actor: zoe, page: 2, limit: 2 });
    expect(second.chats.map((chat) => chat.id)).toEqual(expected.slice(2, 4));
    const all: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await listChats(node.engine, { actor: zoe, page: 1, limit: 2, cursor });
      all.push(...page.chats.map((chat) => chat.id));
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    expect(all).toEqual(expected);
    const forge = (text: string) => Buffer.from(text).toString("base64url");
    const id = ids[0] ?? "";
    for (const broken of [
      "x",
      forge(`2026-01-01 ${"-".repeat(36)}`),
      forge(`0000-01-01 ${id}`),
      forge(`-000001-01-01 ${id}`),
    ]) {
      const asked = listChats(node.engine, { actor: zoe, page: 1, limit: 2, cursor: broken });
      await expect(asked).rejects.toEqual(refusal("invalid_input"));
    }
  });

  it("are muted until a time or for ever", async () => {
    const { id: chatId } = await newOrderChat();
    expect(await muteChat(node.engine, { actor: alice, chatId, until: null })).toEqual({
      mutedUntil: "9999-12-31T23:59:59.999Z",
    });
    const past = new Date(Date.now() - 1_000);
    await muteChat(node.engine, { actor: alice, chatId, until: past });
    expect((await getChat(node.engine, { actor: alice, chatId })).mutedUntil).toBeNull();
    expect(await unmuteChat(node.engine, { actor: alice, chatId })).toEqual({ mutedUntil: null });
  });
});

describe("the platform", () => {
  it("tells an order's chat about updates and receipts, as stored messages", async () => {
    const chat = await newOrderChat();
    const update = { status: "shopping", eta: 20 };
    const orderId = chat.orderId ?? "";
    const told = await updateOrder(node.engine, { actor: platform, orderId, update });
    expect(told).toMatchObject({ type: "order_update", seq: 1, metadata: { order_id: orderId, update } });
    await expect(updateOrder(node.engine, { actor: alice, orderId, update })).rejects.toEqual(
      refusal("role_required"),
    );
    const receipt = { chatId: chat.id, receiptUrl: "https://example.com/receipt.pdf" };
    const shared = await shareReceipt(node.engine, { ...receipt, actor: bob, sharedBy: "alice" });
    expect(shared.metadata).toEqual({ receipt_url: receipt.receiptUrl, shared_by: "bob" });
    await expect(shareReceipt(node.engine, { ...receipt, actor: alice })).rejects.toEqual(
      refusal("forbidden"),
    );
    expect((await getChat(node.engine, { actor: alice, chatId: chat.id })).order).toEqual({
      id: orderId,
      ...update,
    });
  });

  it("closes a chat with a message that tells, and opens it again", async () => {
    const { id: chatId } = await newOrderChat();
    const closed = await changeChatStatus(node.engine, { actor: bob, chatId, status: "closed" });
    expect(closed).toMatchObject({ status: "closed", lastSeq: 1 });
    await expect(say(chatId, "late")).rejects.toEqual(refusal("chat_closed"));
    await changeChatStatus(node.engine, { actor: bob, chatId, status: "closed" });
    await changeChatStatus(node.engine, { actor: alice, chatId, status: "active" });
    expect(await say(chatId, "again")).toMatchObject({ seq: 3 });
  });
});
