import { randomUUID } from "node:crypto";
import { type OperationId, REST_CATALOGUE } from "@parley/contracts";
import { createTestDatabase, type TestDatabase, testRedisUrl } from "@parley/testing";
import request from "supertest";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openTestApi, type TestApi } from "../testing/open-test-api.js";
import { createRestCaller } from "../testing/rest-caller.js";

let database: TestDatabase;
let api: TestApi;
const { call, refused, seen } = createRestCaller(({ method, path, as, role, query = {}, body }) => {
  const sent = request(api.app)[method](path).query(query).set("Authorization", api.bearer(as, role));
  return body === undefined ? sent : sent.send(body);
});

beforeAll(async () => {
  database = await createTestDatabase();
  api = await openTestApi({
    databaseUrl: database.url,
    redisUrl: testRedisUrl(),
    env: { MESSAGES_BURST: "1000", REQUESTS_BURST: "10000", REQUESTS_PER_MINUTE: "100000" },
  });
});

afterAll(async () => {
  await api.close();
  await database.drop();
});

describe("an order's chat", () => {
  test("is opened by one of the two, and once", async () => {
    const { order, user, shopper } = people();
    const body = { order_id: order, user_id: user, shopper_id: shopper, initial_message: "Welcome" };
    const chat = await call("createChat", { as: user, body });
    expect(chat).toMatchObject({
      type: "order",
      order_id: order,
      user_id: user,
      shopper_id: shopper,
      last_seq: 1,
    });
    expect(chat.last_message).toMatchObject({ seq: 1, type: "system", content: "Welcome" });
    expect(chat.members.map(({ user_id }) => user_id).sort()).toEqual([user, shopper].sort());
    const again = await call("createChat", { as: shopper, body: { ...body, initial_message: undefined } });
    expect(again.id).toBe(chat.id);
    await refused(
      "createChat",
      { as: user, body: { ...body, shopper_id: `other-${order}` } },
      "order_chat_differs",
    );
    await refused("createChat", { as: `stranger-${order}`, body }, "forbidden");
    await call("createChat", { as: "operator", role: "admin", body });
  });

  test("is found by its id, its order, and in the lists of its people", async () => {
    const { order, user, shopper, chat } = await openChat();
    expect(await call("getChat", { as: user, params: { id: chat } })).toMatchObject({
      id: chat,
      order: { id: order },
    });
    expect((await call("getChatByOrder", { as: shopper, params: { order_id: order } })).id).toBe(chat);
    await call("sendMessage", { as: shopper, params: { id: chat }, body: { content: "hi" } });
    const list = await call("listMyChats", { as: user });
    expect(list).toMatchObject({
      total: 1,
      chats: [{ id: chat, unread_count: 1, last_message: { content: "hi" } }],
    });
    expect(await call("getUnreadCount", { as: user, params: { id: chat } })).toEqual({ unread_count: 1 });
  });

  test("is listed in pages, by number and by cursor", async () => {
    const me = `me-${randomUUID()}`;
    for (let count = 0; count < 3; count++) {
      await call("createChat", { as: me, body: { type: "direct", user_id: `friend-${count}-${me}` } });
    }
    const first = await call("listMyChats", { as: me, query: { limit: 2 } });
    expect(first).toMatchObject({ total: 3, next_cursor: expect.any(String) });
    const byCursor = await call("listMyChats", { as: me, query: { limit: 2, cursor: first.next_cursor } });
    const byNumber = await call("listMyChats", { as: me, query: { limit: 2, page: 2 } });
    expect(byCursor.chats.map(({ id }) => id)).toEqual(byNumber.chats.map(({ id }) => id));
    expect(byCursor.next_cursor).toBeUndefined();
    await refused("listMyChats", { as: me, query: { cursor: "nonsense" } }, "invalid_input");
  });

  test("is muted until a time or for ever, and not", async () => {
    const { user, chat } = await openChat();
    const until = "2031-05-06T07:08:09.000Z";
    expect(await call("muteChat", { as: user, params: { id: chat }, body: { until } })).toEqual({
      muted_until: until,
    });
    const forEver = await call("muteChat", { as: user, params: { id: chat } });
    expect(new Date(forEver.muted_until ?? 0).getUTCFullYear()).toBe(9999);
    expect((await call("getChat", { as: user, params: { id: chat } })).muted_until).toBe(forEver.muted_until);
    expect(await call("unmuteChat", { as: user, params: { id: chat } })).toEqual({ muted_until: null });
  });

  test("is closed: then it takes no new messages, but answers a retry with the original", async () => {
    const { user, shopper, chat } = await openChat();
    const send = { as: user, params: { id: chat }, body: { content: "before", client_id: "retry" } };
    const original = await call("sendMessage", send);
    const closed = await call("changeChatStatus", {
      as: shopper,
      params: { id: chat },
      body: { status: "closed" },
    });
    expect(closed.status).toBe("closed");
    await refused("sendMessage", { ...send, body: { content: "after" } }, "chat_closed");
    expect((await call("sendMessage", send)).id).toBe(original.id);
  });
});

describe("direct chats and groups", () => {
  test("there is one direct chat per pair", async () => {
    const { user, shopper } = people();
    const one = await call("createChat", { as: user, body: { type: "direct", user_id: shopper } });
    const other = await call("createChat", { as: shopper, body: { type: "direct", user_id: user } });
    expect(other.id).toBe(one.id);
    await refused("createChat", { as: user, body: { type: "direct", user_id: user } }, "invalid_input");
  });

  test("a group's owner adds and removes, and anyone leaves", async () => {
    const [owner, second, third] = [`o-${randomUUID()}`, `s-${randomUUID()}`, `t-${randomUUID()}`];
    const group = await call("createChat", {
      as: owner,
      body: { type: "group", name: "家族", member_ids: [second] },
    });
    expect(group.name).toBe("家族");
    const params = { id: group.id };
    const added = await call("addMembers", { as: owner, params, body: { user_ids: [third] } });
    expect(added.members).toHaveLength(3);
    await refused("addMembers", { as: second, params, body: { user_ids: ["x"] } }, "forbidden");
    await call("removeMember", { as: owner, params: { ...params, user_id: third } });
    await refused("getChat", { as: third, params }, "chat_not_found");
    await call("removeMember", { as: second, params: { ...params, user_id: second } });
    expect((await call("listMembers", { as: owner, params })).members).toHaveLength(1);
  });
});

describe("messages", () => {
  test("are numbered, listed in four ways, and read", async () => {
    const { user, shopper, chat } = await openChat();
    const params = { id: chat };
    for (let count = 1; count <= 5; count++) {
      const sent = await call("sendMessage", { as: shopper, params, body: { content: `m${count}` } });
      expect(sent.seq).toBe(count);
    }
    const seqs = async (query: object) => {
      const page = await call("listMessages", { as: user, params, query: { limit: 2, ...query } });
      return {
        seqs: page.messages.map(({ seq }) => seq),
        more: page.hasMore,
        total: page.total,
      };
    };
    expect(await seqs({})).toEqual({ seqs: [4, 5], more: true, total: 5 });
    expect(await seqs({ page: 3 })).toEqual({ seqs: [1], more: false, total: 5 });
    expect((await seqs({ before_seq: 4 })).seqs).toEqual([2, 3]);
    expect((await seqs({ after_seq: 3 })).seqs).toEqual([4, 5]);
    expect((await seqs({ around_seq: 3, limit: 3 })).seqs).toEqual([2, 3, 4]);
    const { messages } = await call("listMessages", { as: user, params, query: { limit: 1000 } });
    const read = { as: user, params, body: { message_ids: [messages[2]?.id] } };
    expect(await call("markMessagesRead", read)).toEqual({ success: true, read_seq: 3, unread_count: 2 });
    const seenBySender = await call("listMessages", { as: shopper, params });
    expect(seenBySender.messages.map((message) => message.read_at !== undefined)).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
  });

  test("are marked as received, up to one that is there", async () => {
    const { user, shopper, chat } = await openChat();
    const params = { id: chat };
    for (const content of ["1", "2"]) await call("sendMessage", { as: shopper, params, body: { content } });
    const mark = (as: string, seq: unknown) => ({ as, params, body: { seq } });
    const marked = await call("markMessagesDelivered", mark(user, 2));
    expect(marked).toEqual({ success: true, delivered_seq: 2 });
    for (const seq of [3, 0, "x"]) await refused("markMessagesDelivered", mark(user, seq), "invalid_input");
    await refused("markMessagesDelivered", mark("stranger", 1), "chat_not_found");
    const { members } = await call("listMembers", { as: shopper, params });
    expect(members.find(({ user_id }) => user_id === user)).toMatchObject({ read_seq: 0, delivered_seq: 2 });
    const { receipts } = await call("sync", { as: shopper });
    expect(receipts).toContainEqual({ chat_id: chat, user_id: user, read_seq: 0, delivered_seq: 2 });
  });

  test("are edited, reacted to and deleted by who may", async () => {
    const { user, shopper, chat } = await openChat();
    const sent = await call("sendMessage", { as: user, params: { id: chat }, body: rich() });
    expect(sent).toMatchObject({ ...rich(), sender_id: user, sender_role: "user", chat_id: chat });
    const params = { id: chat, mid: sent.id };
    const edited = await call("editMessage", { as: user, params, body: { content: "better" } });
    expect(edited).toMatchObject({ content: "better", edited_at: expect.any(String), seq: sent.seq });
    await refused("editMessage", { as: shopper, params, body: { content: "mine" } }, "forbidden");
    for (const emoji of ["👍", "👨‍👩‍👧‍👦", "🇯🇵", "❤️"]) {
      const { reactions } = await call("addReaction", { as: shopper, params: { ...params, emoji } });
      expect(reactions).toContainEqual({ emoji, count: 1, user_ids: [shopper] });
    }
    const left = await call("removeReaction", { as: shopper, params: { ...params, emoji: "👍" } });
    expect(left.reactions).toHaveLength(3);
    const deleted = await call("deleteMessage", { as: user, params });
    expect(deleted).toMatchObject({ content: "", deleted_at: expect.any(String), seq: sent.seq });
    for (const field of ["attachment_url", "attachment_type", "metadata", "reactions"]) {
      expect(deleted).not.toHaveProperty(field);
    }
    await refused("editMessage", { as: user, params, body: { content: "again" } }, "message_deleted");
  });

  test("answer others, in the same chat", async () => {
    const { user, chat } = await openChat();
    const elsewhere = await openChat();
    const first = await call("sendMessage", { as: user, params: { id: chat }, body: { content: "one" } });
    const reply = { content: "two", reply_to: first.id };
    expect((await call("sendMessage", { as: user, params: { id: chat }, body: reply })).reply_to).toBe(
      first.id,
    );
    const foreign = { as: elsewhere.user, params: { id: elsewhere.chat }, body: reply };
    await refused("sendMessage", foreign, "reply_to_not_found");
  });
});

describe("the platform", () => {
  test("tells an order's chat what happens to the order", async () => {
    const { order, user, chat } = await openChat();
    const body = { status: "shipped", carrier: { name: "post" } };
    const told = { params: { order_id: order }, body };
    const message = await call("updateOrder", { as: "platform", role: "system", ...told });
    expect(message).toMatchObject({ type: "order_update", chat_id: chat, metadata: { update: body } });
    await refused("updateOrder", { as: user, ...told }, "role_required");
    expect((await call("getChat", { as: user, params: { id: chat } })).order).toMatchObject({
      id: order,
      status: "shipped",
    });
  });

  test("shares receipts, and so may the shopper", async () => {
    const { user, shopper, chat } = await openChat();
    const share = { params: { id: chat }, body: { receipt_url: "https://files.example/r.pdf" } };
    for (const who of [
      { as: "platform", role: "system" },
      { as: shopper, role: "shopper" },
    ]) {
      expect(await call("shareReceipt", { ...who, ...share })).toMatchObject({ type: "receipt_shared" });
    }
    await refused("shareReceipt", { as: user, ...share }, "forbidden");
  });

  test("counts, for administrators only", async () => {
    const stats = await call("chatStats", { as: "operator", role: "admin" });
    expect(stats.total_chats).toBeGreaterThan(0);
    for (const role of ["user", "shopper", "system", "Admin"]) {
      await refused("chatStats", { as: "someone", role }, "role_required");
    }
  });
});

test("access is revoked, taken and given back by administrators only", async () => {
  const params = { user_id: "somebody" };
  const admin = { as: "operator", role: "admin", params };
  expect(await call("revokeTokens", admin)).toMatchObject({ user_id: "somebody" });
  expect(await call("blockUser", admin)).toEqual({ user_id: "somebody", blocked: true });
  expect(await call("unblockUser", admin)).toEqual({ user_id: "somebody", blocked: false });
  for (const id of ["revokeTokens", "blockUser", "unblockUser"] as const) {
    await refused(id, { as: "someone", role: "user", params }, "role_required");
  }
});

test("people set for themselves whether others learn how far they have read", async () => {
  const { user, shopper, chat } = await openChat();
  const params = { id: chat };
  expect(await call("getSettings", { as: user })).toEqual({ private_reading: false });
  const body = { private_reading: true };
  expect(await call("changeSettings", { as: user, body })).toEqual(body);
  expect(await call("changeSettings", { as: user, body: {} })).toEqual(body);
  await refused("changeSettings", { as: user, body: { private_reading: "yes" } }, "invalid_input");
  const sent = await call("sendMessage", { as: shopper, params, body: { content: "hi" } });
  const read = { as: user, params, body: { message_ids: [sent.id] } };
  expect(await call("markMessagesRead", read)).toEqual({ success: true, read_seq: 1, unread_count: 0 });
  for (const [viewer, read_seq] of [
    [user, 1],
    [shopper, 0],
  ] as const) {
    const { members } = await call("getChat", { as: viewer, params });
    expect(members.find(({ user_id }) => user_id === user)).toMatchObject({ read_seq });
    const { receipts } = await call("sync", { as: viewer });
    expect(receipts.find(({ user_id }) => user_id === user)).toMatchObject({ read_seq });
  }
  const { messages } = await call("listMessages", { as: shopper, params });
  expect(messages[0]).not.toHaveProperty("read_at");
});

test("what happened since a cursor is told once more", async () => {
  const { user, shopper, chat } = await openChat();
  const snapshot = await call("sync", { as: user });
  expect(snapshot.chats.map(({ id }) => id)).toEqual([chat]);
  await call("sendMessage", { as: shopper, params: { id: chat }, body: { content: "while away" } });
  const changes = await call("sync", { as: user, query: { cursor: snapshot.cursor } });
  expect(changes.reset).toBe(false);
  expect(changes.messages).toMatchObject([{ content: "while away", chat_id: chat }]);
});

test("a token is verified for a gateway", async () => {
  expect(await call("verifyToken", { as: `me-${randomUUID()}` })).toEqual({});
});

/** Calls that have their own tests. */
const ELSEWHERE =
  /^\/v1\/(notifications\/|search$|admin\/(archive|chats\/|tasks|audit|users\/\{user_id\}\/(export|erase|hold)))/;

test("every call of the catalogue has been seen to work, but those which have their own tests", () => {
  const others = Object.entries(REST_CATALOGUE).filter(
    ([, { path, tag }]) => !ELSEWHERE.test(path) && tag !== "Files" && tag !== "Operations",
  );
  expect(others.map(([id]) => id).filter((id) => !seen.has(id as OperationId))).toEqual([]);
});

function people() {
  const tag = randomUUID();
  return { order: `order-${tag}`, user: `user-${tag}`, shopper: `shopper-${tag}` };
}

async function openChat() {
  const { order, user, shopper } = people();
  const body = { order_id: order, user_id: user, shopper_id: shopper };
  return { order, user, shopper, chat: (await call("createChat", { as: user, body })).id };
}

function rich() {
  return {
    content: "see this",
    type: "image",
    attachment_url: "https://files.example/a.png",
    attachment_type: "image/png",
    metadata: { width: 3, tags: ["a", { b: null }] },
    client_id: "rich-1",
  };
}
