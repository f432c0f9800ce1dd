import {
  createOldChat,
  createTestDatabase,
  openTestEngine,
  readRawRows,
  type TestDatabase,
  type TestEngine,
} from "@parley/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { getOpenChat } from "../chats/get-open-chat.js";
import { getUnreadCount } from "../chats/get-unread-count.js";
import type { Engine } from "../engine.js";
import { deleteMessage } from "../messages/delete-message.js";
import { editMessage } from "../messages/edit-message.js";
import { findMessage } from "../messages/find-message.js";
import { listMessages } from "../messages/list-messages.js";
import { draftDigest } from "../messages/message-draft.js";
import { reactToMessage } from "../messages/react-to-message.js";
import { findSent, sendMessage, sendOrRepeat } from "../messages/send-message.js";
import { closeEngine } from "../open-engine.js";
import { markRead } from "../receipts/mark-read.js";
import { syncChanges } from "../sync/sync-changes.js";
import { archiveChat } from "./archive-chat.js";
import { NEWEST_KEPT, SEGMENT_MESSAGES } from "./due-messages.js";
import { readMessageRange } from "./read-message-range.js";
import { restoreChat } from "./restore-chat.js";

const alice = { userId: "alice", role: "user" };
const bob = { userId: "bob", role: "user" };
const stranger = { userId: "mallory", role: "user" };
const operator = { userId: "root", role: "admin" };
const before = new Date("2025-01-01");
const COUNT = NEWEST_KEPT + 2 * SEGMENT_MESSAGES;

let database: TestDatabase;
let test: TestEngine;
let chatId: string;
/** An archived message: of the first of two segments. */
let old: { id: string; number: number; seq: number };

beforeAll(async () => {
  database = await createTestDatabase();
  test = openTestEngine(database.url);
});

afterAll(async () => {
  await closeEngine(test.engine);
  await database.drop();
});

const run = async <Row>(statement: string, values: unknown[] = []): Promise<Row[]> =>
  (await test.engine.database.pool.query(statement, values)).rows as Row[];

const draft = { content: "said long ago", type: "text" as const, clientId: "an old one" };
const segments = async () =>
  (
    await run<{ n: number }>("SELECT count(*)::int AS n FROM archive_segments WHERE chat_id = $1", [chatId])
  )[0]?.n;
const messages = async () =>
  (await run<{ n: number }>("SELECT last_seq AS n FROM chats WHERE id = $1", [chatId]))[0]?.n;
const archive = () => archiveChat(test.engine, { chatId, before });

beforeEach(async () => {
  chatId = await createOldChat(test.engine, { count: COUNT });
  const rows = await run<typeof old>(
    `UPDATE messages SET content = $2, type = 'text', client_id = $3, digest = $4, deleted_at = NULL, edited_at = NULL, attachment_url = NULL,
        metadata = NULL, reactions = NULL
      WHERE chat_id = $1 AND seq = 42 RETURNING id, number, seq`,
    [chatId, draft.content, draft.clientId, draftDigest(draft)],
  );
  await run("DELETE FROM reactions WHERE message_id = $1", [rows[0]?.id]);
  if (rows[0]) old = rows[0];
  await archive();
  expect(await segments()).toBe(2);
});

describe("a retry of a send whose message is archived", () => {
  it("is answered with the first message and stores nothing", async () => {
    const sent = await sendOrRepeat(test.engine, { actor: alice, chatId, draft });
    expect(sent).toMatchObject({ isRetry: true, message: { id: old.id, seq: 42, content: draft.content } });
    expect(await findSent(test.engine, { actor: alice, chatId, draft })).toEqual(sent.message);
    expect(await messages()).toBe(COUNT);
    expect(await segments()).toBe(2);
  });

  it("is refused with another content", async () => {
    const other = { ...draft, content: "something else" };
    await expect(sendMessage(test.engine, { actor: alice, chatId, draft: other })).rejects.toMatchObject({
      code: "client_id_reused",
    });
    await expect(findSent(test.engine, { actor: alice, chatId, draft: other })).rejects.toMatchObject({
      code: "client_id_reused",
    });
    expect(await messages()).toBe(COUNT);
  });

  it("takes nothing from other people and other ids", async () => {
    expect(await sendOrRepeat(test.engine, { actor: bob, chatId, draft })).toMatchObject({ isRetry: false });
    const fresh = { ...draft, clientId: "an old on" };
    expect(await sendOrRepeat(test.engine, { actor: alice, chatId, draft: fresh })).toMatchObject({
      isRetry: false,
    });
    await run("UPDATE members SET left_at = now() WHERE chat_id = $1 AND user_id = 'alice'", [chatId]);
    await expect(sendMessage(test.engine, { actor: alice, chatId, draft })).rejects.toMatchObject({
      code: "chat_not_found",
    });
  });

  it("is answered when the message comes back between any two of the looks for it", async () => {
    /** The engine with the nth raw question of the retry waiting until the message is back. */
    const restoringBefore = (place: number): { engine: Engine; asked: () => number } => {
      let asked = 0;
      const { prisma } = test.engine.database;
      const ask = async (...question: Parameters<typeof prisma.$queryRaw>) => {
        if (++asked === place) await restoreChat(test.engine, { actor: operator, chatId });
        return prisma.$queryRaw(...question);
      };
      const waiting = new Proxy(prisma, {
        get: (whole, name) => (name === "$queryRaw" ? ask : Reflect.get(whole, name)),
      });
      const database = { ...test.engine.database, prisma: waiting };
      return { engine: Object.assign(Object.create(test.engine), { database }), asked: () => asked };
    };
    for (const retry of [findSent, sendMessage])
      for (let place = retry === findSent ? 2 : 1, isOver = false; !isOver; place++) {
        const { engine, asked } = restoringBefore(place);
        expect(await retry(engine, { actor: alice, chatId, draft }), `${place}`).toMatchObject({
          id: old.id,
        });
        isOver = asked() < place;
        await archive();
        expect(await segments()).toBe(2);
      }
  });

  it("is answered the same once the message is back", async () => {
    await restoreChat(test.engine, { actor: operator, chatId });
    expect(await sendOrRepeat(test.engine, { actor: alice, chatId, draft })).toMatchObject({
      isRetry: true,
      message: { id: old.id },
    });
  });
});

describe("an archived message", () => {
  it("can be replied to", async () => {
    const reply = { content: "yes", type: "text" as const, replyTo: old.id };
    expect((await sendMessage(test.engine, { actor: bob, chatId, draft: reply })).replyTo).toBe(old.id);
    const elsewhere = await createOldChat(test.engine, { count: 1 });
    await expect(
      sendMessage(test.engine, { actor: bob, chatId: elsewhere, draft: reply }),
    ).rejects.toMatchObject({ code: "reply_to_not_found" });
    expect(await segments()).toBe(2);
  });

  const changes = [
    [
      "edited",
      () => editMessage(test.engine, { actor: alice, chatId, messageId: old.id, content: "new" }),
      { content: "new" },
    ],
    [
      "deleted",
      () => deleteMessage(test.engine, { actor: alice, chatId, messageId: old.id }),
      { content: "" },
    ],
    [
      "reacted to",
      () =>
        reactToMessage(test.engine, { actor: bob, chatId, messageId: old.id, emoji: "👍", remove: false }),
      { reactions: [{ emoji: "👍", count: 1, userIds: ["bob"] }] },
    ],
  ] as const;

  it.each(changes)(
    "can be %s: its segment comes back, and goes again when that is old, too",
    async (_name, change, shown) => {
      const rest = (await readPage(1)).filter(({ id }) => id !== old.id);
      expect(await change()).toMatchObject({ id: old.id, seq: 42, ...shown });
      expect(await segments()).toBe(1);
      const changed = await readPage(1);
      expect(changed.find(({ id }) => id === old.id)).toMatchObject(shown);
      expect(changed.filter(({ id }) => id !== old.id)).toEqual(rest);
      await run("DELETE FROM commits");
      await archiveChat(test.engine, { chatId, before: new Date(Date.now() + 60_000) });
      expect(await segments()).toBe(2);
      expect(await readPage(1)).toEqual(changed);
    },
  );

  it("stays where it is when the change is refused", async () => {
    const rows = await readRawRows(test.engine, chatId);
    const edit = { actor: bob, chatId, messageId: old.id, content: "not mine" };
    await expect(editMessage(test.engine, edit)).rejects.toMatchObject({ code: "forbidden" });
    const elsewhere = await createOldChat(test.engine, { count: 1 });
    await expect(
      editMessage(test.engine, { ...edit, actor: alice, chatId: elsewhere }),
    ).rejects.toMatchObject({ code: "message_not_found" });
    await expect(editMessage(test.engine, { ...edit, actor: stranger })).rejects.toMatchObject({
      code: "chat_not_found",
    });
    expect(await segments()).toBe(2);
    expect(await readRawRows(test.engine, chatId)).toEqual(rows);
  });

  it("is found by its number, by those who may read it", async () => {
    const found = await findMessage(test.engine, { actor: bob, number: old.number });
    expect(found).toEqual((await readPage(1)).find(({ id }) => id === old.id));
    expect(await findMessage(test.engine, { actor: operator, number: old.number })).toEqual(found);
    await expect(findMessage(test.engine, { actor: stranger, number: old.number })).rejects.toMatchObject({
      code: "message_not_found",
    });
    expect(await test.engine.messageNumbers.read({ chatId, seq: 42 })).toBe(old.number);
  });

  it("can be marked as read, and counts as unread until then", async () => {
    expect(await getUnreadCount(test.engine, { actor: bob, chatId })).toBe(COUNT);
    const moved = await markRead(test.engine, { actor: bob, chatId, messageIds: [old.id] });
    expect(moved).toMatchObject({ readSeq: 42, unreadCount: COUNT - 42 });
  });
});

const readPage = async (afterSeq: number) =>
  (await listMessages(test.engine, { actor: alice, chatId, limit: 200, position: { afterSeq } })).messages;

it("history unpacks the segments that a page touches and no others", async () => {
  await run("UPDATE archive_segments SET checksum = '\\x00' WHERE chat_id = $1 AND first_seq = 1", [chatId]);
  const read = (afterSeq: number) =>
    listMessages(test.engine, { actor: alice, chatId, limit: 100, position: { afterSeq } });
  expect((await read(SEGMENT_MESSAGES)).messages).toHaveLength(100);
  expect((await read(COUNT - 100)).messages).toHaveLength(100);
  await expect(read(SEGMENT_MESSAGES - 1)).rejects.toMatchObject({
    code: "archive_unreadable",
    cause: { message: expect.stringMatching(/ 1-500 \(in archive_segments\) .*checksum/) },
  });
});

it("an open chat whose newest messages were deleted shows older ones", async () => {
  await run("UPDATE chats SET is_open = true WHERE id = $1", [chatId]);
  await restoreChat(test.engine, { actor: operator, chatId });
  await run("UPDATE messages SET deleted_at = NULL WHERE chat_id = $1", [chatId]);
  await archive();
  await run("UPDATE messages SET deleted_at = now() WHERE chat_id = $1 AND seq < $2", [chatId, COUNT - 10]);
  const page = await getOpenChat(test.engine, { chatId, messages: 50 });
  const seqs = page.messages.map(({ seq }) => seq);
  expect(seqs.slice(-11)).toEqual(Array.from({ length: 11 }, (_, index) => COUNT - 10 + index));
  expect(seqs).toHaveLength(50);
  expect(seqs[38]).toBe(COUNT - NEWEST_KEPT);
  expect(page.messages.every(({ deletedAt }) => deletedAt === null)).toBe(true);
});

describe("catching up", () => {
  const sync = (cursor?: string) => syncChanges(test.engine, { actor: bob, cursor, limit: 500 });
  const only = async () => {
    await run("DELETE FROM members WHERE user_id = 'bob' AND chat_id <> $1", [chatId]);
  };

  it("goes on from a cursor that is newer than what was archived", async () => {
    await only();
    const { cursor } = await sync();
    const fresh = await sendMessage(test.engine, {
      actor: alice,
      chatId,
      draft: { content: "new", type: "text" },
    });
    const page = await sync(cursor);
    expect(page.reset).toBe(false);
    expect(page.messages.map(({ id }) => id)).toEqual([fresh.id]);
  });

  it("begins anew from a cursor that is older than something that was archived since", async () => {
    await only();
    const { cursor } = await sync();
    const edit = { actor: alice, chatId, messageId: old.id, content: "changed" };
    await editMessage(test.engine, edit);
    expect((await sync(cursor)).reset).toBe(false);
    await run("DELETE FROM commits");
    await archiveChat(test.engine, { chatId, before: new Date(Date.now() + 60_000) });
    const page = await sync(cursor);
    expect(page.reset).toBe(true);
    expect(page.messages).toHaveLength(20);
    expect((await sync(page.cursor)).reset).toBe(false);
  });
});

it("history misses and doubles nothing when messages move between its two looks", async () => {
  const edit = async (seq: number) => {
    const [row] = await run<{ id: string }>(
      "SELECT id FROM archived_messages WHERE chat_id = $1 AND seq = $2",
      [chatId, seq],
    );
    const reaction = { actor: bob, chatId, messageId: row?.id ?? "", emoji: "👀" };
    await reactToMessage(test.engine, { ...reaction, remove: false });
    await reactToMessage(test.engine, { ...reaction, remove: true });
    await run("DELETE FROM commits");
  };
  await restoreChat(test.engine, { actor: operator, chatId });
  await run("UPDATE messages SET deleted_at = NULL WHERE chat_id = $1 AND seq IN (42, 600)", [chatId]);
  await archive();
  await edit(42);
  // The first half is rows now, the second half a segment; in between it becomes the other way about.
  const moves = [() => archive(), () => edit(600)];
  const prisma = test.engine.database.prisma.$extends({
    query: {
      message: {
        findMany: async ({ args, query }) => {
          const rows = await query(args);
          for (const move of moves.splice(0)) await move();
          return rows;
        },
      },
    },
  }) as unknown as typeof test.engine.database.prisma;
  const range = { chatId, from: SEGMENT_MESSAGES - 49, to: SEGMENT_MESSAGES + 50 };
  const rows = await readMessageRange({ ...test.engine.database, prisma }, range);
  expect(moves).toEqual([]);
  expect(rows.map(({ seq }) => seq)).toEqual(Array.from({ length: 100 }, (_, index) => range.from + index));
});
