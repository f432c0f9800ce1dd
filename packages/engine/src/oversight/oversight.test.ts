import {
  addTestDevice,
  createTestDatabase,
  openTestEngine,
  type TestDatabase,
  type TestEngine,
} from "@parley/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { changeChatStatus } from "../chats/change-chat-status.js";
import { createChat } from "../chats/create-chat.js";
import { removeMember } from "../members/remove-member.js";
import { sendMessage } from "../messages/send-message.js";
import { collectDueChats } from "../notifications/collect-due-chats.js";
import { closeEngine } from "../open-engine.js";
import { setBlocked } from "../users/change-access.js";
import { muteUser } from "../users/mute-user.js";
import { rememberUser } from "../users/remember-user.js";
import type { FindChatsInput } from "./chat-candidates.js";
import { findChats } from "./find-chats.js";
import { findUsers } from "./find-users.js";
import { inspectChat } from "./inspect-chat.js";
import { inspectUser } from "./inspect-user.js";
import { writeCursor } from "./page-cursor.js";
import { pushOverview } from "./push-overview.js";

const ops = { userId: "ops", role: "admin" };
const ana = { userId: "ana", role: "user" };
const SECRET_WORDS = "my door code is 4711";

let database: TestDatabase;
let node: TestEngine;
const chats: Record<"order" | "direct" | "group" | "other", string> = {
  order: "",
  direct: "",
  group: "",
  other: "",
};

beforeAll(async () => {
  database = await createTestDatabase();
  node = openTestEngine(database.url);
  const { engine } = node;
  for (const [userId, name] of [
    ["ana", "Ana Lima"],
    ["Anatol", "Zoe"],
    ["sam", "Sam"],
    ["kim", "ANABEL"],
  ] as const)
    await rememberUser(engine, { userId, role: "user", name });
  const make = async (request: Parameters<typeof createChat>[1]["request"]) =>
    (await createChat(engine, { actor: request.type === "order" ? ops : ana, request })).id;
  chats.order = await make({ type: "order", orderId: "order-7", userId: "ana", shopperId: "sam" });
  chats.direct = await make({ type: "direct", userId: "sam" });
  chats.group = await make({ type: "group", name: "Picnic on Sunday", memberIds: ["sam", "kim"] });
  chats.other = await make({ type: "group", name: "picnic baskets", memberIds: ["kim"] });
  await changeChatStatus(engine, { actor: ops, chatId: chats.other, status: "closed" });
  await sendMessage(engine, {
    actor: ana,
    chatId: chats.group,
    draft: { content: SECRET_WORDS, type: "text" },
  });
});

afterAll(async () => {
  await closeEngine(node.engine);
  await database.drop();
});

const find = async (input: Partial<FindChatsInput> = {}) => {
  const found: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await findChats(node.engine, { actor: ops, limit: 1, ...input, cursor });
    expect(page.chats.length).toBeLessThanOrEqual(input.limit ?? 1);
    found.push(...page.chats.map(({ id }) => id));
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return found.map((id) => Object.entries(chats).find(([, known]) => known === id)?.[0]);
};

describe("finding chats", () => {
  it.each([1, 2, 3, 50])("lists all, the newest first, %s on a page", async (limit) => {
    expect(await find({ limit })).toEqual(["other", "group", "direct", "order"]);
  });

  it.each([
    [{ status: "closed" }, ["other"]],
    [{ type: "group" }, ["other", "group"]],
    [{ type: "group", status: "active" }, ["group"]],
    [{ userId: "sam" }, ["group", "direct", "order"]],
    [{ userId: "sam", type: "direct" }, ["direct"]],
    [{ userId: "kim", text: "picnic o" }, ["group"]],
    [{ userId: "nobody" }, []],
    [{ text: "PICNIC" }, ["other", "group"]],
    [{ text: "picnic", status: "active" }, ["group"]],
    [{ text: "order-7" }, ["order"]],
    [{ text: "basket" }, []],
    [{ text: "%" }, []],
  ])("finds by %j", async (input, expected) => {
    expect(await find(input)).toEqual(expected);
  });

  it("finds by the beginning of an id, and by the whole of it", async () => {
    expect(await find({ text: chats.direct.toUpperCase() })).toEqual(["direct"]);
    // Their ids begin with the time.
    expect((await find({ text: chats.direct.slice(0, 5) })).toSorted()).toEqual([
      "direct",
      "group",
      "order",
      "other",
    ]);
  });

  it("does not list for a person the chats that they have left", async () => {
    await removeMember(node.engine, { actor: ops, chatId: chats.group, userId: "kim" });
    expect(await find({ userId: "kim" })).toEqual(["other"]);
  });

  const withNul = writeCursor(["name", "a\u0000", "00000000-0000-7000-8000-000000000000"]);
  it.each(["x", "e30", "WyJhIl0", withNul])("refuses the cursor %s", async (cursor) => {
    const refusal = { code: "invalid_input" };
    const page = { actor: ops, text: "ana", limit: 1, cursor };
    await expect(findChats(node.engine, page)).rejects.toMatchObject(refusal);
    await expect(findUsers(node.engine, page)).rejects.toMatchObject(refusal);
  });

  it("shows one with its members, and never what was said", async () => {
    const chat = await inspectChat(node.engine, { actor: ops, chatId: chats.group });
    expect(chat).toMatchObject({
      title: "Picnic on Sunday",
      messages: 1,
      members: 2,
      held: false,
      retentionDays: null,
    });
    expect(chat.memberList.map(({ userId, name }) => [userId, name])).toEqual([
      ["ana", "Ana Lima"],
      ["sam", "Sam"],
    ]);
    const { chats: listed } = await findChats(node.engine, { actor: ops, limit: 50 });
    expect(JSON.stringify([chat, listed])).not.toContain("4711");
    const unknown = inspectChat(node.engine, { actor: ops, chatId: "00000000-0000-7000-8000-000000000000" });
    await expect(unknown).rejects.toMatchObject({ code: "chat_not_found" });
  });
});

describe("finding people", () => {
  const people = async (text?: string) => {
    const found: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await findUsers(node.engine, { actor: ops, text, limit: 1, cursor });
      found.push(...page.users.map(({ id }) => id));
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    return found;
  };

  it("lists everybody in the order of their ids", async () => {
    expect(await people()).toEqual(["ana", "Anatol", "kim", "sam"]);
  });

  it.each([
    ["ana", ["ana", "Anatol", "kim"]],
    ["SA", ["sam"]],
    ["zoe", ["Anatol"]],
    ["lima", []],
    ["_", []],
  ])("finds by %s", async (text, expected) => {
    expect(await people(text)).toEqual(expected);
  });

  it("says what is set for somebody", async () => {
    const { engine } = node;
    const until = new Date(Date.now() + 3_600_000);
    await muteUser(engine, { actor: ops, userId: "kim", until, reason: "insults" });
    await setBlocked(engine, { actor: ops, userId: "never-seen", blocked: true });
    const { users } = await findUsers(engine, { actor: ops, text: "kim", limit: 5 });
    expect(users).toMatchObject([
      { id: "kim", mutedUntil: until, mutedReason: "insults", blocked: false, chats: 1 },
    ]);
    expect(await inspectUser(engine, { actor: ops, userId: "never-seen" })).toMatchObject({
      blocked: true,
      name: null,
    });
    await expect(inspectUser(engine, { actor: ops, userId: "stranger" })).rejects.toMatchObject({
      code: "user_not_found",
    });
  });
});

describe("pushes", () => {
  it("are told by service, and what was not pushed by reason", async () => {
    const { engine } = node;
    await collectDueChats(engine, { chatIds: [chats.group] });
    await addTestDevice(engine, "sam");
    const [notification] = await query<{ id: string }>(
      "SELECT id FROM notifications WHERE user_id = 'sam' AND type = 'group_message'",
    );
    await query(
      `INSERT INTO deliveries (notification_id, subscription_id, origin, state, status_code, latency_ms, attempts, due_at, claimed_at, done_at)
       SELECT $1, gen_random_uuid(), origin, state::delivery_state, status, latency, 1, now(), now(), now()
       FROM (VALUES ('https://fcm.googleapis.com', 'accepted', 201, 10), ('https://fcm.googleapis.com', 'accepted', 201, 30),
         ('https://fcm.googleapis.com', 'refused', 400, NULL), ('https://fcm.googleapis.com', 'claimed', 503, NULL),
         ('https://a.notify.windows.com', 'accepted', 201, 5), ('https://b.notify.windows.com', 'gone', 410, NULL)) v(origin, state, status, latency)`,
      [notification?.id],
    );
    await query("UPDATE notifications SET state = 'suppressed', reason = 'chat_muted' WHERE id = $1", [
      notification?.id,
    ]);
    const { byService, notSent } = await pushOverview(engine, { actor: ops, hours: 1 });
    expect(byService).toMatchObject([
      { service: "fcm", attempted: 4, accepted: 2, failed: 1, waiting: 1, gone: 0, p50: 10, p99: 30 },
      { service: "windows", attempted: 2, accepted: 1, gone: 1, failed: 0, waiting: 0, lastStatus: 410 },
    ]);
    expect(notSent).toMatchObject([
      { reason: "chat_muted", count: 1, meaning: "The person has muted the chat." },
    ]);
  });

  it("show with a person as devices without their endpoints, and notifications without their words", async () => {
    const user = await inspectUser(node.engine, { actor: ops, userId: "sam" });
    const [row] = await query<{ endpoint: string; id: string }>(
      "SELECT endpoint, id FROM push_subscriptions",
    );
    expect(user.devices).toMatchObject([{ id: row?.id, lastSuccessAt: null, lastFailure: null }]);
    expect(user.recentNotifications[0]).toMatchObject({
      state: "suppressed",
      reason: "chat_muted",
      chatId: chats.group,
    });
    expect(user.recentNotifications[0]?.messageId).not.toBeNull();
    expect(JSON.stringify(user)).not.toContain(row?.endpoint);
    expect(JSON.stringify(user)).not.toContain("4711");
  });
});

it("is for operators alone", async () => {
  const refused = { code: "role_required" };
  await expect(findChats(node.engine, { actor: ana, limit: 1 })).rejects.toMatchObject(refused);
  await expect(findUsers(node.engine, { actor: ana, limit: 1 })).rejects.toMatchObject(refused);
  await expect(inspectChat(node.engine, { actor: ana, chatId: chats.order })).rejects.toMatchObject(refused);
  await expect(inspectUser(node.engine, { actor: ana, userId: "ana" })).rejects.toMatchObject(refused);
  await expect(pushOverview(node.engine, { actor: ana, hours: 1 })).rejects.toMatchObject(refused);
  const mute = { actor: ana, userId: "sam", until: null, reason: "" };
  await expect(muteUser(node.engine, mute)).rejects.toMatchObject(refused);
});

async function query<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
  return (await node.engine.database.pool.query<Row>(text, values)).rows;
}
