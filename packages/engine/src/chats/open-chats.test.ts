import { createTestDatabase, openTestEngine, type TestDatabase, type TestEngine } from "@parley/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { listMembers } from "../members/list-members.js";
import { removeMember } from "../members/remove-member.js";
import { deleteMessage } from "../messages/delete-message.js";
import { listMessages } from "../messages/list-messages.js";
import { sendMessage } from "../messages/send-message.js";
import { collectDueChats } from "../notifications/collect-due-chats.js";
import { closeEngine } from "../open-engine.js";
import { announceVisits } from "../presence/announce-visits.js";
import { syncChanges } from "../sync/sync-changes.js";
import { rememberUser } from "../users/remember-user.js";
import { changeChatStatus } from "./change-chat-status.js";
import { createChat } from "./create-chat.js";
import { createOpenChat } from "./create-open-chat.js";
import { enterChat } from "./enter-chat.js";
import { getOpenChat } from "./get-open-chat.js";
import { getTotalUnread } from "./get-total-unread.js";
import { listChats } from "./list-chats.js";
import { listOpenChats } from "./list-open-chats.js";
import { muteChat, unmuteChat } from "./mute-chat.js";

const alice = { userId: "alice", role: "user" };
const bob = { userId: "bob", role: "user" };
const eve = { userId: "eve", role: "user" };

let database: TestDatabase;
let node: TestEngine;
let other: TestEngine;
let keys = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  node = openTestEngine(database.url);
  other = openTestEngine(database.url);
});

afterAll(async () => {
  await closeEngine(node.engine);
  await closeEngine(other.engine);
  await database.drop();
});

beforeEach(() => void node.batches.splice(0));

const key = () => `key-${++keys}`;
const newRoom = async (externalKey = key()) =>
  (await createOpenChat(node.engine, { actor: alice, name: "Lost cat", externalKey })).chat;
const say = (chatId: string, content: string, actor = alice) =>
  sendMessage(node.engine, { actor, chatId, draft: { content, type: "text" } });
const changes = (engine = node) => engine.batches.flatMap((batch) => batch.changes);
const refusal = (code: string) => expect.objectContaining({ code });

async function membersOf(chatId: string): Promise<string[]> {
  const members = await listMembers(node.engine, { actor: alice, chatId });
  return members.map(({ userId, role }) => `${userId} ${role}`);
}

describe("createOpenChat", () => {
  it("makes one chat per key, however many ask at once and on whichever node, and says who made it", async () => {
    const externalKey = key();
    const asked = await Promise.all(
      [node, other, node, other].map(({ engine }, index) =>
        createOpenChat(engine, { actor: index % 2 ? bob : alice, name: `name ${index}`, externalKey }),
      ),
    );
    expect(new Set(asked.map(({ chat }) => chat.id)).size).toBe(1);
    expect(asked.filter(({ isNew }) => isNew)).toHaveLength(1);
    const made = asked.find(({ isNew }) => isNew)?.chat;
    for (const { chat } of asked) expect(chat).toEqual(made);
    expect(await node.engine.chatFacts.read(made?.id ?? "")).toMatchObject({ type: "group", isOpen: true });
  });

  it("makes a group like any other for its owner", async () => {
    const room = await newRoom();
    expect(await membersOf(room.id)).toEqual(["alice owner"]);
    expect((await listChats(node.engine, { actor: alice, limit: 200, page: 1 })).chats).toContainEqual(
      expect.objectContaining({ id: room.id, type: "group", name: "Lost cat", mutedUntil: null }),
    );
    expect(changes()).toMatchObject([{ chatId: room.id, rev: 1, body: { name: "chat.created" } }]);
  });
});

describe("enterChat", () => {
  it("makes somebody a member once, however often they come and from however many nodes", async () => {
    const room = await newRoom();
    await Promise.all(
      [node, other, node, other, node].map(({ engine }) =>
        enterChat(engine, { actor: bob, chatId: room.id }),
      ),
    );
    expect(await membersOf(room.id)).toEqual(["alice owner", "bob guest"]);
    const entries = [...changes(), ...changes(other)].filter(({ body }) => body.name === "member.added");
    expect(entries).toMatchObject([
      { chatId: room.id, rev: 2, audience: expect.arrayContaining(["alice", "bob"]) },
    ]);
    await say(room.id, "hello", bob);
    expect((await listMessages(node.engine, history(bob, room.id))).total).toBe(1);
  });

  it("leaves members as they are, and takes back who has left", async () => {
    const room = await newRoom();
    await enterChat(node.engine, { actor: alice, chatId: room.id });
    expect(await membersOf(room.id)).toEqual(["alice owner"]);
    await enterChat(node.engine, { actor: bob, chatId: room.id });
    await removeMember(node.engine, { actor: bob, chatId: room.id, userId: "bob" });
    await expect(listMessages(node.engine, history(bob, room.id))).rejects.toEqual(refusal("chat_not_found"));
    await enterChat(node.engine, { actor: bob, chatId: room.id });
    expect(await membersOf(room.id)).toEqual(["alice owner", "bob guest"]);
  });

  it("has nobody wait who is in it already, whoever holds the chat", async () => {
    const room = await newRoom();
    await enterChat(node.engine, { actor: bob, chatId: room.id });
    await other.engine.database.prisma.$transaction(async (transaction) => {
      await transaction.$queryRaw`SELECT 1 FROM chats WHERE id = ${room.id}::uuid FOR UPDATE`;
      await enterChat(node.engine, { actor: bob, chatId: room.id });
    });
  });

  it("opens no door of other chats, and none by itself", async () => {
    const request = { type: "group", name: "closed", memberIds: ["bob"] } as const;
    const group = await createChat(node.engine, { actor: alice, request });
    const pair = await createChat(node.engine, { actor: alice, request: { type: "direct", userId: "bob" } });
    for (const chatId of [group.id, pair.id, node.engine.ids()]) {
      const entering = enterChat(node.engine, { actor: eve, chatId });
      await expect(entering).rejects.toEqual(refusal("chat_not_found"));
      const looking = getOpenChat(node.engine, { chatId, messages: 50 });
      await expect(looking).rejects.toEqual(refusal("chat_not_found"));
    }
    const room = await newRoom();
    await expect(listMessages(node.engine, history(eve, room.id))).rejects.toEqual(refusal("chat_not_found"));
    await expect(say(room.id, "let me in", eve)).rejects.toEqual(refusal("chat_not_found"));
  });
});

const history = (actor: typeof alice, chatId: string) => ({
  actor,
  chatId,
  limit: 50,
  position: { page: 1 },
});

describe("guests", () => {
  const notified = async (chatId: string) => {
    await collectDueChats(node.engine, { chatIds: [chatId] });
    const rows = await node.engine.database.prisma.notification.findMany({ where: { chatId } });
    return rows.map(({ userId }) => userId).sort();
  };

  it("are notified of nothing until they ask for it: then they are members like the others", async () => {
    const room = await newRoom();
    await enterChat(node.engine, { actor: bob, chatId: room.id });
    await enterChat(node.engine, { actor: eve, chatId: room.id });
    await muteChat(node.engine, { actor: bob, chatId: room.id, until: null });
    await say(room.id, "one", eve);
    expect(await notified(room.id)).toEqual(["alice"]);
    expect(await membersOf(room.id)).toEqual(["alice owner", "bob guest", "eve guest"]);
    node.batches.splice(0);
    await unmuteChat(node.engine, { actor: bob, chatId: room.id });
    expect(changes()).toMatchObject([{ body: { name: "member.added", userId: "bob" } }]);
    expect((await membersOf(room.id)).sort()).toEqual(["alice owner", "bob member", "eve guest"]);
    await say(room.id, "two", eve);
    expect(await notified(room.id)).toEqual(["alice", "bob"]);
    await muteChat(node.engine, { actor: bob, chatId: room.id, until: null });
    expect((await membersOf(room.id)).sort()).toEqual(["alice owner", "bob member", "eve guest"]);
  });

  it("are members from the moment on in which they mute it for a time, and notified when that is over", async () => {
    const room = await newRoom();
    await enterChat(node.engine, { actor: bob, chatId: room.id });
    const until = new Date(Date.now() - 1_000);
    await muteChat(node.engine, { actor: bob, chatId: room.id, until });
    await say(room.id, "one");
    expect(await notified(room.id)).toEqual(["bob"]);
  });

  const listed = async (actor: typeof bob) => {
    const { chats, total } = await listChats(node.engine, { actor, limit: 200, page: 1 });
    expect(total).toBe(chats.length);
    return chats.map(({ id }) => id);
  };
  const synced = async (actor: typeof bob, cursor?: string) => {
    const page = await syncChanges(node.engine, { actor, cursor, limit: 100 });
    const ids = new Set([...page.chats.map(({ id }) => id), ...page.members.map(({ chatId }) => chatId)]);
    return { ids: [...ids], said: page.messages.map(({ content }) => content), cursor: page.cursor };
  };

  it("do not find the chat in their list, their sum or what they catch up, beside chats where they are more", async () => {
    const dan = { userId: `dan-${key()}`, role: "user" };
    const request = { type: "group", name: "team", memberIds: [dan.userId] } as const;
    const team = await createChat(node.engine, { actor: alice, request });
    const room = await newRoom();
    await enterChat(node.engine, { actor: dan, chatId: room.id });
    await say(team.id, "for dan");
    await say(room.id, "for all");
    expect(await listed(dan)).toEqual([team.id]);
    expect(await getTotalUnread(node.engine, { actor: dan })).toBe(1);
    const first = await synced(dan);
    expect([first.ids, first.said]).toEqual([[team.id], ["for dan"]]);
    expect(await listed(alice)).toContain(room.id);
    // The chat is theirs all the same.
    expect((await listMessages(node.engine, history(dan, room.id))).total).toBe(1);

    await unmuteChat(node.engine, { actor: dan, chatId: room.id });
    await say(room.id, "for members");
    expect((await listed(dan)).sort()).toEqual([room.id, team.id].sort());
    expect(await getTotalUnread(node.engine, { actor: dan })).toBe(2);
    const second = await synced(dan, first.cursor);
    expect(second.ids).toContain(room.id);
    expect(second.said).toEqual(expect.arrayContaining(["for all", "for members"]));
    await removeMember(node.engine, { actor: dan, chatId: room.id, userId: dan.userId });
    expect((await synced(dan, second.cursor)).ids).toContain(room.id);
    const beside = await synced(dan);
    await enterChat(node.engine, { actor: dan, chatId: room.id });
    await removeMember(node.engine, { actor: dan, chatId: room.id, userId: dan.userId });
    expect((await synced(dan, beside.cursor)).ids).not.toContain(room.id);
  });
});

describe("listOpenChats", () => {
  it("pages through what is open, newest first, without what is archived", async () => {
    const rooms = [await newRoom(), await newRoom(), await newRoom(), await newRoom()];
    const [first, second, archived, last] = rooms;
    const request = { type: "group", name: "closed", memberIds: [] } as const;
    const group = await createChat(node.engine, { actor: alice, request });
    const status = { actor: alice, chatId: archived?.id ?? "", status: "archived" } as const;
    await changeChatStatus(node.engine, status);
    const page = await listOpenChats(node.engine, { limit: 2 });
    expect(page).toEqual([last, second]);
    const next = await listOpenChats(node.engine, { limit: 200, before: page[1]?.number });
    expect(next[0]).toEqual(first);
    expect(next.map(({ id }) => id)).not.toContain(group.id);
  });
});

describe("getOpenChat", () => {
  it("shows the newest messages to whoever may look, oldest first and without deleted ones", async () => {
    const room = await newRoom();
    const said = [];
    for (const content of ["1", "2", "3", "4"]) said.push(await say(room.id, content));
    const place = { actor: alice, chatId: room.id, messageId: said[2]?.id ?? "" };
    await deleteMessage(node.engine, place);
    const { chat, messages } = await getOpenChat(node.engine, { chatId: room.id, messages: 2 });
    expect(chat).toEqual(room);
    expect(messages.map(({ content }) => content)).toEqual(["2", "4"]);
  });
});

describe("announceVisits", () => {
  it("tells everyone in small chats by name, and all members of large ones", async () => {
    const [small, large] = [await newRoom(), await newRoom()];
    await enterChat(node.engine, { actor: bob, chatId: small.id });
    await node.engine.database.prisma.chat.update({ where: { id: large.id }, data: { memberCount: 51 } });
    await rememberUser(node.engine, { userId: "bob", role: "shopper" });
    node.batches.splice(0);
    const at = new Date().toISOString();
    await announceVisits(node.engine, [
      { chatId: small.id, userId: "bob", isHere: true, at },
      { chatId: large.id, userId: "nobody", isHere: false, at },
      { chatId: node.engine.ids(), userId: "bob", isHere: true, at },
    ]);
    expect(node.batches.flatMap(({ signals }) => signals)).toEqual([
      {
        chatId: small.id,
        audience: expect.arrayContaining(["alice", "bob"]),
        body: { name: "viewer.joined", userId: "bob", role: "shopper", at },
      },
      { chatId: large.id, audience: null, body: { name: "viewer.left", userId: "nobody", role: "user", at } },
    ]);
  });
});
