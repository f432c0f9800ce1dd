import {
  createTestDatabase,
  openTestEngine,
  type TestDatabase,
  type TestEngine,
  until,
} from "@parley/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { verifyChats } from "../audit/verify-chats.js";
import { createChat } from "../chats/create-chat.js";
import { getChat } from "../chats/get-chat.js";
import { getUnreadCount } from "../chats/get-unread-count.js";
import { listMembers } from "../members/list-members.js";
import { listMessages } from "../messages/list-messages.js";
import { sendMessage } from "../messages/send-message.js";
import { closeEngine } from "../open-engine.js";
import { changeSettings } from "../settings/change-settings.js";
import { getSettings } from "../settings/get-settings.js";
import { readCommitLogEnd, readCommits } from "../sync/read-commits.js";
import { readMissed } from "../sync/read-missed.js";
import { syncChanges } from "../sync/sync-changes.js";
import { markDelivered } from "./mark-delivered.js";
import { markRead } from "./mark-read.js";

const alice = { userId: "alice", role: "user" };
const bob = { userId: "bob", role: "user" };
const admin = { userId: "root", role: "admin" };

let database: TestDatabase;
let node: TestEngine;
let chatId: string;
let ids: string[];

beforeAll(async () => {
  database = await createTestDatabase();
  node = openTestEngine(database.url);
});

afterAll(async () => {
  await closeEngine(node.engine);
  await database.drop();
});

const say = (actor = alice) =>
  sendMessage(node.engine, { actor, chatId, draft: { content: "text", type: "text" } });
const read = (place: number, connection?: string) =>
  markRead(node.engine, { actor: bob, chatId, messageIds: [ids[place] ?? ""], connection });
const setPrivate = (privateReading: boolean) =>
  changeSettings(node.engine, { actor: bob, change: { privateReading } });
const sync = (actor: typeof bob, cursor?: string) => syncChanges(node.engine, { actor, cursor, limit: 200 });
const lastRev = async () => (await getChat(node.engine, { actor: alice, chatId })).lastRev;
const readTimes = async () => {
  const page = { actor: alice, chatId, limit: 50, position: { page: 1 } };
  return (await listMessages(node.engine, page)).messages.map(({ readAt }) => readAt !== null);
};

/** A cursor after which there is nothing to tell; while transactions of others are open, what is known is told again. */
async function quietCursor(actor: typeof bob): Promise<string> {
  let { cursor } = await sync(actor);
  return until(async () => {
    const page = await sync(actor, cursor);
    if (page.chats.length === 0) return cursor;
    cursor = page.cursor;
    return false;
  }, "everything has been told");
}

/** Bob's positions as somebody is shown them, the same on every way. */
async function shownTo(viewer: typeof bob) {
  const of = <Row extends { userId: string; readSeq: number; deliveredSeq: number }>(rows: Row[]) => {
    const row = rows.find(({ userId }) => userId === "bob");
    return { readSeq: row?.readSeq, deliveredSeq: row?.deliveredSeq };
  };
  const shown = of(await listMembers(node.engine, { actor: viewer, chatId }));
  expect(of((await getChat(node.engine, { actor: viewer, chatId })).members)).toEqual(shown);
  if (viewer !== admin) expect(of((await sync(viewer)).receipts.filter(inChat))).toEqual(shown);
  return shown;
}

const inChat = (row: { chatId: string }) => row.chatId === chatId;

/** A pair's chat with six messages of alice's, of which bob has read two before he chose to read in private. */
beforeEach(async () => {
  const request = { type: "group" as const, name: "pair", memberIds: ["bob"] };
  await setPrivate(false);
  chatId = (await createChat(node.engine, { actor: alice, request })).id;
  ids = [];
  for (let count = 0; count < 6; count++) ids.push((await say()).id);
  await read(1);
  await setPrivate(true);
  node.batches.length = 0;
});

describe("a private reader", () => {
  it("moves their own position everywhere, and nobody else's view in anything", async () => {
    const [mine, hers] = [await quietCursor(bob), await quietCursor(alice)];
    const since = await readCommitLogEnd(node.engine);
    const rev = await lastRev();
    expect(await read(4, "phone")).toEqual({ readSeq: 5, unreadCount: 1 });

    expect(await getUnreadCount(node.engine, { actor: bob, chatId })).toBe(1);
    expect(await shownTo(bob)).toEqual({ readSeq: 5, deliveredSeq: 5 });
    const news = await sync(bob, mine);
    expect(news.chats.find(({ id }) => id === chatId)?.unreadCount).toBe(1);
    expect(news.receipts).toEqual([{ chatId, userId: "bob", readSeq: 5, deliveredSeq: 5 }]);

    for (const viewer of [alice, admin]) {
      expect(await shownTo(viewer)).toEqual({ readSeq: 2, deliveredSeq: 2 });
    }
    expect(await readTimes()).toEqual([true, true, false, false, false, false]);
    // Not even that something happened can be seen: no revision is missing, and the chat does not count as changed.
    expect(await lastRev()).toBe(rev);
    expect(await sync(alice, hers)).toMatchObject({ chats: [], members: [], receipts: [], messages: [] });
    expect((await say()).rev).toBe(rev + 1);
    const later = await sync(alice, hers);
    expect(later.receipts.map(({ userId }) => userId)).toEqual(["alice"]);
    const missed = await readMissed(node.engine, [{ chatId, rev, seq: 6 }]);
    const told = missed.get(chatId)?.changes.flatMap(({ body }) => ("userId" in body ? [body.userId] : []));
    expect(told).not.toContain("bob");

    // Live and without the bus alike, it is news for the reader's own connections only.
    const { changes, privateReads } = node.batches[0] ?? {};
    expect(changes).toEqual([]);
    expect(privateReads).toMatchObject([
      { userId: "bob", chatId, readSeq: 5, messageIds: [ids[4]], exceptConnection: "phone" },
    ]);
    const { commits } = await readCommits(node.engine, since);
    const mineOnly = {
      rev: 0,
      seq: 0,
      joined: [],
      before: null,
      privateReads: [{ userId: "bob", readSeq: 5 }],
    };
    expect(commits.filter((commit) => inChat(commit) && commit.privateReads)).toEqual([
      { chatId, ...mineOnly },
    ]);
  });

  it("in a batch with others is told as little as alone", async () => {
    const at = { chatId, messageIds: ids };
    await Promise.all([
      markRead(node.engine, { ...at, actor: bob }),
      markRead(node.engine, { ...at, actor: alice }),
      say(),
    ]);
    const told = node.batches.flatMap(({ changes }) => changes);
    expect(told.flatMap(({ body }) => (body.name === "messages.read" ? [body.userId] : []))).toEqual([]);
    expect(await shownTo(alice)).toMatchObject({ readSeq: 2 });
  });

  it("does not hide what a device has received, and that does not give the reading away", async () => {
    await read(3);
    expect(await shownTo(alice)).toEqual({ readSeq: 2, deliveredSeq: 2 });
    node.batches.length = 0;
    await Promise.all([markDelivered(node.engine, { actor: bob, chatId, seq: 5 }), read(5)]);
    expect(await shownTo(alice)).toEqual({ readSeq: 2, deliveredSeq: 5 });
    expect(await shownTo(bob)).toEqual({ readSeq: 6, deliveredSeq: 6 });
    const bodies = node.batches.flatMap(({ changes }) => changes.map(({ body }) => body));
    expect(bodies).toMatchObject([{ name: "messages.delivered", userId: "bob", deliveredSeq: 5 }]);
    const missed = await readMissed(node.engine, [{ chatId, rev: (await lastRev()) - 1, seq: 6 }]);
    expect(missed.get(chatId)?.changes.map(({ body }) => body)).toMatchObject([
      { name: "messages.read", readSeq: 2, ownReadSeq: 6 },
      { name: "messages.delivered", deliveredSeq: 5 },
    ]);
  });

  it("shows that they were there by writing", async () => {
    await read(3);
    const { seq } = await say(bob);
    expect(await shownTo(alice)).toEqual({ readSeq: seq, deliveredSeq: seq });
    expect(await readTimes()).toEqual([true, true, true, true, true, true, false]);
  });

  it("who turns it off keeps the past private until they read on", async () => {
    await read(4);
    await setPrivate(false);
    expect(await shownTo(alice)).toMatchObject({ readSeq: 2 });
    const hers = await quietCursor(alice);
    // Less than they know themselves, but more than was shown.
    expect(await read(3, "phone")).toEqual({ readSeq: 5, unreadCount: 1, rev: await lastRev() });
    expect(await shownTo(alice)).toEqual({ readSeq: 4, deliveredSeq: 4 });
    expect(await shownTo(bob)).toEqual({ readSeq: 5, deliveredSeq: 5 });
    expect(await readTimes()).toEqual([true, true, true, true, false, false]);
    const told = node.batches.flatMap(({ changes }) => changes.map(({ body }) => body));
    expect(told).toMatchObject([{ name: "messages.read", readSeq: 4, ownReadSeq: 5 }]);
    await read(5);
    expect(await shownTo(alice)).toEqual({ readSeq: 6, deliveredSeq: 6 });
    const all = await sync(alice, hers);
    expect(all.receipts).toEqual([{ chatId, userId: "bob", readSeq: 6, deliveredSeq: 6 }]);
    expect(node.batches.at(-1)?.changes[0]?.body).not.toHaveProperty("ownReadSeq");
  });

  it("stays private towards nodes of the version before", async () => {
    const { pool } = node.engine.database;
    const { rows } = await pool.query("SELECT * FROM mark_read($1, 'bob', $2, 50)", [chatId, ids]);
    expect(rows).toMatchObject([{ is_member: true, read_seq: 6, moved_rev: null, audience: null }]);
    expect(await shownTo(alice)).toMatchObject({ readSeq: 2 });
    await setPrivate(false);
    const back = await pool.query("SELECT * FROM mark_read($1, 'bob', $2, 50)", [chatId, ids.slice(0, 4)]);
    expect(back.rows).toMatchObject([{ read_seq: 4, moved_rev: expect.any(Number) }]);
  });

  it("passes the audit, which finds what is shown beyond what was read", async () => {
    await read(4);
    const { pool } = node.engine.database;
    const { rows } = await pool.query("SELECT count(*)::int AS chats FROM chats");
    // Transactions of others that are still open make the audit wait.
    const audit = () =>
      until(async () => {
        const { checked, faults } = await verifyChats(node.engine, { limit: 1_000 });
        return checked === rows[0].chats && faults;
      }, "the audit has seen every chat");
    await say();
    expect(await audit()).toEqual([]);
    await pool.query("UPDATE members SET shown_read_seq = 6 WHERE chat_id = $1 AND user_id = 'bob'", [
      chatId,
    ]);
    expect(await audit()).toEqual([{ chatId, rule: "read_ahead" }]);
    await pool.query("DELETE FROM chats WHERE id = $1", [chatId]);
  });
});

it("settings stand at their defaults, and change part by part, each person's own", async () => {
  const actor = { userId: "new", role: "user" };
  expect(await getSettings(node.engine, { actor })).toEqual({ privateReading: false });
  expect(await changeSettings(node.engine, { actor, change: {} })).toEqual({ privateReading: false });
  const change = { privateReading: true };
  expect(await changeSettings(node.engine, { actor, change })).toEqual({ privateReading: true });
  expect(await changeSettings(node.engine, { actor, change: {} })).toEqual({ privateReading: true });
  expect(await getSettings(node.engine, { actor: alice })).toEqual({ privateReading: false });
});
