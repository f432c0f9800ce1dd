import { randomUUID } from "node:crypto";
import {
  createOldChat,
  createTestDatabase,
  openTestEngine,
  type TestDatabase,
  type TestEngine,
} from "@parley/testing";
import type { PoolClient } from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { archiveChat } from "../archive/archive-chat.js";
import { restoreChat } from "../archive/restore-chat.js";
import { createChat } from "../chats/create-chat.js";
import { addMembers } from "../members/add-members.js";
import { removeMember } from "../members/remove-member.js";
import { deleteMessage } from "../messages/delete-message.js";
import { editMessage } from "../messages/edit-message.js";
import { sendMessage } from "../messages/send-message.js";
import { closeEngine } from "../open-engine.js";
import { indexMessages } from "./index-messages.js";
import { BLOCK_MESSAGES } from "./make-blocks.js";
import { type SearchInput, searchMessages } from "./search-messages.js";

const alice = { userId: "alice", role: "user" };
const bob = { userId: "bob", role: "user" };
const operator = { userId: "root", role: "admin" };

let database: TestDatabase;
let test: TestEngine;
let chatId: string;

beforeAll(async () => {
  database = await createTestDatabase();
  test = openTestEngine(database.url);
});

afterAll(async () => {
  await closeEngine(test.engine);
  await database.drop();
});

beforeEach(async () => {
  await run("DELETE FROM chats");
  await run("DELETE FROM search_changes");
  ({ id: chatId } = await newChat());
});

const run = async <Row>(statement: string, values: unknown[] = []): Promise<Row[]> =>
  (await test.engine.database.pool.query(statement, values)).rows as Row[];
const newChat = (memberIds = ["bob"]) =>
  createChat(test.engine, { actor: alice, request: { type: "group", name: "g", memberIds } });
const say = (content: string, { actor = alice, chat = chatId } = {}) =>
  sendMessage(test.engine, { actor, chatId: chat, draft: { content, type: "text" } });
const index = () => indexMessages(test.engine, { waitMs: { whole: 0, rest: 0 } });
const blocks = async () => (await run("SELECT FROM search_blocks")).length;

/** All that a search finds, page by page. */
async function search(text: string, input: Partial<SearchInput> = {}) {
  const found: Array<{ content: string; marked: string[] }> = [];
  let cursor: string | undefined;
  let pages = 0;
  do {
    const page = await searchMessages(test.engine, { actor: alice, text, limit: 50, ...input, cursor });
    for (const { message, highlights } of page.results) {
      const marked = highlights.map(({ start, end }) => message.content.slice(start, end));
      found.push({ content: message.content, marked });
    }
    cursor = page.nextCursor ?? undefined;
    expect(++pages).toBeLessThan(1_000);
  } while (cursor !== undefined);
  return found;
}
const contents = async (...input: Parameters<typeof search>) =>
  (await search(...input)).map(({ content }) => content);

describe.each(["as it was written", "from its blocks"])("%s, a search finds", (state) => {
  const settled = async () => {
    if (state === "as it was written") return;
    await index();
    expect(await blocks()).toBeGreaterThan(0);
  };

  it("all words, in any order, without regard to case, accents and form", async () => {
    await say("The café is ＯＰＥＮ today");
    await say("Nothing here");
    await say("ΟΔΟΣ и ЁЛКА, Straße");
    await settled();
    expect(await search("open CAFE")).toEqual([
      { content: "The café is ＯＰＥＮ today", marked: ["café", "ＯＰＥＮ"] },
    ]);
    expect(await contents("οδος strasse елка")).toHaveLength(1);
    await say("мой дом");
    expect(await contents("мои")).toEqual([]);
  });

  it("the last word as a beginning from three letters on, and other words whole", async () => {
    await say("conversation about constellations");
    await settled();
    for (const text of ["con", "conv", "conver", "conversati", "conversation", "about conste"])
      expect(await contents(text), text).toHaveLength(1);
    for (const text of ["co", "con about", "conversation ", "onversation"])
      expect(await contents(text), text).toHaveLength(text === "conversation " ? 1 : 0);
    expect(await search("conv")).toMatchObject([{ marked: ["conversation"] }]);
  });

  it("phrases as they stand, and not what is unwanted", async () => {
    await say("the red house, and the blue car");
    await say("the red car");
    await settled();
    expect(await contents('"red house"')).toEqual(["the red house, and the blue car"]);
    expect(await contents('"house the"')).toEqual([]);
    expect(await contents('"house and the"')).toHaveLength(1);
    expect(await contents("red -house")).toEqual(["the red car"]);
    expect(await contents('car -"red car"')).toEqual(["the red house, and the blue car"]);
    expect(await contents("don't")).toEqual([]);
    await say("I don't know");
    expect(await contents("don't")).toHaveLength(1);
  });

  it("any part of a text in Chinese, Japanese, Korean and Thai", async () => {
    const texts = [
      "東京タワーに行きましょう",
      "我们明天见面吧",
      "오늘 저녁에 만나요",
      "ﾊﾟｿｺﾝを買った",
      "ไปกินข้าวกัน",
    ];
    for (const text of texts) await say(text);
    await say("iPhoneを落とした");
    await settled();
    expect(await search("タワー")).toEqual([{ content: texts[0], marked: ["タワー"] }]);
    for (const [part, place] of [
      ["京タ", 0],
      ["行", 0],
      ["明天", 1],
      ["吧", 1],
      ["녁에", 2],
      ["パソコン", 3],
      ["ข้าว", 4],
    ] as const)
      expect(await contents(part), part).toEqual([texts[place]]);
    expect(await contents("iphone")).toHaveLength(1);
    expect(await contents("天明")).toEqual([]);
  });

  it("what one person said, before and after a time, newest first", async () => {
    const first = await say("hello one");
    await say("hello two", { actor: bob });
    const third = await say("hello three");
    await settled();
    expect(await contents("hello")).toEqual(["hello three", "hello two", "hello one"]);
    expect(await contents("hello", { from: "bob" })).toEqual(["hello two"]);
    await run("UPDATE messages SET created_at = '2025-01-01' WHERE id = $1", [first.id]);
    await run("UPDATE messages SET created_at = '2035-01-01' WHERE id = $1", [third.id]);
    await run("UPDATE search_blocks SET oldest_at = '2025-01-01', newest_at = '2035-01-01'");
    expect(await contents("hello", { before: new Date("2025-01-01T00:00:00.001Z") })).toEqual(["hello one"]);
    expect(await contents("hello", { before: new Date("2025-01-01") })).toEqual([]);
    expect(await contents("hello", { after: new Date("2035-01-01") })).toEqual(["hello three"]);
  });

  it("nothing that was deleted or edited away, and at once what was edited in", async () => {
    const edited = await say("the secret word");
    const deleted = await say("the secret plan");
    await settled();
    expect(await contents("secret")).toHaveLength(2);
    await editMessage(test.engine, { actor: alice, chatId, messageId: edited.id, content: "the open word" });
    await deleteMessage(test.engine, { actor: alice, chatId, messageId: deleted.id });
    expect(await contents("secret")).toEqual([]);
    expect(await contents("open")).toEqual(["the open word"]);
    await settled();
    expect(await contents("open")).toEqual(["the open word"]);
  });

  it("nothing in chats that I am not in, or not any more", async () => {
    const { id: other } = await createChat(test.engine, {
      actor: bob,
      request: { type: "group", name: "other", memberIds: [] },
    });
    await say("hidden treasure", { actor: bob, chat: other });
    await say("found treasure");
    await settled();
    expect(await contents("treasure")).toEqual(["found treasure"]);
    await expect(contents("treasure", { chatId: other })).rejects.toMatchObject({ code: "chat_not_found" });
    await expect(contents("treasure", { chatId: randomUUID() })).rejects.toMatchObject({
      code: "chat_not_found",
    });
    await expect(contents("treasure", { actor: operator, chatId: other })).rejects.toMatchObject({
      code: "chat_not_found",
    });
    await addMembers(test.engine, { actor: bob, chatId: other, userIds: ["alice"] });
    expect(await contents("treasure")).toEqual(["found treasure", "hidden treasure"]);
    expect(await contents("treasure", { chatId: other })).toEqual(["hidden treasure"]);
    await removeMember(test.engine, { actor: bob, chatId: other, userId: "alice" });
    expect(await contents("treasure")).toEqual(["found treasure"]);
  });
});

it("goes through pages without leaving out or repeating any, over many chats and while more is written", async () => {
  const chats = [chatId, (await newChat()).id, (await newChat()).id];
  const total = 3 * BLOCK_MESSAGES + 20;
  for (let place = 0; place < total; place++)
    await say(`number${place} ${place % 2 === 0 ? "even" : "odd"}`, { chat: chats[place % 3] ?? "" });
  await index();
  const expected = Array.from({ length: total }, (_, place) => `number${total - 1 - place}`);
  for (const limit of [1, 7, 50]) {
    const found = await contents("number", { limit });
    expect(found.map((content) => content.split(" ")[0])).toEqual(expected);
  }
  const first = await searchMessages(test.engine, { actor: alice, text: "even", limit: 10 });
  await say("even newer");
  const next = await searchMessages(test.engine, {
    actor: alice,
    text: "even",
    limit: 10,
    cursor: first.nextCursor ?? "",
  });
  const last = first.results.at(-1)?.message.number ?? 0;
  expect(next.results.every(({ message }) => message.number < last)).toBe(true);
});

it("ends a page after so many messages, and goes on there", async () => {
  await run(
    `INSERT INTO messages (id, chat_id, seq, rev, sender_id, sender_role, type, content)
     SELECT gen_random_uuid(), $1, s, s, 'alice', 'user', 'text', CASE WHEN s % 2 = 0 THEN 'yes maybe' ELSE 'no perhaps' END
     FROM generate_series(1, 13000) s`,
    [chatId],
  );
  await run("UPDATE messages SET content = 'yes and no' WHERE chat_id = $1 AND seq = 5", [chatId]);
  await run("UPDATE chats SET last_seq = 13000 WHERE id = $1", [chatId]);
  await index();
  const first = await searchMessages(test.engine, { actor: alice, text: "yes no", limit: 10 });
  expect(first.results).toEqual([]);
  expect(first.nextCursor).not.toBeNull();
  expect(await contents("yes no")).toEqual(["yes and no"]);
});

it("does not search what is archived, says so, and finds it again when it is restored", async () => {
  await createOldChat(test.engine, { count: 0 });
  const old = await createOldChat(test.engine, { count: 300 });
  await run("UPDATE messages SET content = 'ancient ' || seq, deleted_at = NULL WHERE chat_id = $1", [old]);
  await index();
  expect(await contents("ancient")).toHaveLength(300);
  const page = () => searchMessages(test.engine, { actor: alice, text: "ancient", limit: 200 });
  expect((await page()).archivedBefore).toBeNull();
  await archiveChat(test.engine, { chatId: old, before: new Date("2025-01-01") });
  for (const work of [async () => undefined, index]) {
    await work();
    expect(await contents("ancient")).toHaveLength(200);
    const { archivedBefore } = await page();
    const [newest] = await run<{ at: Date }>("SELECT newest_at AS at FROM archive_segments");
    expect(archivedBefore).toBe(new Date((newest?.at.getTime() ?? 0) + 1).toISOString());
  }
  const after = { after: new Date("2024-12-31") };
  expect(
    (await searchMessages(test.engine, { actor: alice, text: "x", limit: 1, ...after })).archivedBefore,
  ).toBeNull();
  await restoreChat(test.engine, { actor: operator, chatId: old });
  expect(await contents("ancient")).toHaveLength(300);
  await index();
  expect(await contents("ancient")).toHaveLength(300);
  expect((await page()).archivedBefore).toBeNull();
});

it("leaves nothing of what was deleted in what messages are found by", async () => {
  const { id: messageId } = await say("unmistakable");
  await index();
  const named = async () => (await run("SELECT FROM search_blocks WHERE terms @@ '=unmistak'")).length;
  expect(await named()).toBe(1);
  await deleteMessage(test.engine, { actor: alice, chatId, messageId });
  await index();
  expect(await named()).toBe(0);
  expect(await run("SELECT FROM search_changes")).toEqual([]);
});

it("makes whole blocks at once and the rest when the chat is quiet, one run at a time", async () => {
  for (let place = 0; place < BLOCK_MESSAGES + 5; place++) await say(`message ${place}`);
  const wait = { whole: 0, rest: 3_600_000 };
  expect(await indexMessages(test.engine, { waitMs: { whole: 3_600_000, rest: 3_600_000 } })).toMatchObject({
    blocks: 0,
  });
  const runs = await Promise.all([1, 2, 3].map(() => indexMessages(test.engine, { waitMs: wait })));
  expect(runs.reduce((sum, { blocks: made }) => sum + made, 0)).toBeLessThanOrEqual(1);
  await indexMessages(test.engine, { waitMs: wait });
  expect(await run("SELECT first_seq, last_seq FROM search_blocks")).toEqual([
    { first_seq: 1, last_seq: BLOCK_MESSAGES },
  ]);
  await index();
  expect(await run("SELECT first_seq, last_seq FROM search_blocks ORDER BY last_seq")).toEqual([
    { first_seq: 1, last_seq: BLOCK_MESSAGES },
    { first_seq: BLOCK_MESSAGES + 1, last_seq: BLOCK_MESSAGES + 5 },
  ]);
});

it("refuses what says nothing, too much, or a cursor of its own making", async () => {
  for (const text of ["", "  ", "!!", "-word", "🎉"])
    await expect(search(text), text).rejects.toMatchObject({ code: "invalid_input" });
  await expect(search(Array.from({ length: 11 }, (_, place) => `w${place}`).join(" "))).rejects.toMatchObject(
    {
      code: "invalid_input",
    },
  );
  for (const cursor of ["x", "", "s", Buffer.from("s-1").toString("base64url")])
    await expect(
      searchMessages(test.engine, { actor: alice, text: "word", limit: 1, cursor }),
    ).rejects.toMatchObject({ code: "invalid_input" });
});

it("answers a search that takes too long with what to do", async () => {
  const slow = openTestEngine(database.url);
  const { pool } = slow.engine.database;
  const connect = pool.connect.bind(pool) as () => Promise<PoolClient>;
  Object.assign(pool, {
    connect: async () => {
      const client = await connect();
      const query = client.query.bind(client) as (...args: unknown[]) => unknown;
      Object.assign(client, {
        query: (...args: unknown[]) =>
          String(args[0]).startsWith("BEGIN READ ONLY")
            ? query("BEGIN READ ONLY; SET LOCAL statement_timeout = 1; SELECT pg_sleep(1)")
            : query(...args),
      });
      return client;
    },
  });
  await expect(searchMessages(slow.engine, { actor: alice, text: "word", limit: 1 })).rejects.toMatchObject({
    code: "search_too_slow",
  });
  await closeEngine(slow.engine);
});
