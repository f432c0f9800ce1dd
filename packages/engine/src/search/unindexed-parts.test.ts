import { openTestNode, type TestNode } from "@parley/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createChat } from "../chats/create-chat.js";
import { searchMessages } from "./search-messages.js";
import { ownChats } from "./searched-chats.js";
import { readUnindexed } from "./unindexed-parts.js";

const alice = { userId: "alice", role: "user" };
const TOTAL = 40_000;
const NEEDLES = 400;
const PARTS = 500;

let test: TestNode;
let chatId: string;

beforeAll(async () => {
  test = await openTestNode();
  const request = { type: "group" as const, name: "g", memberIds: [] };
  for (const count of [5, TOTAL]) {
    ({ id: chatId } = await createChat(test.engine, { actor: alice, request }));
    await test.run(
      `INSERT INTO messages (id, chat_id, seq, rev, sender_id, sender_role, type, content)
        SELECT gen_random_uuid(), $1, s, s, 'alice', 'user', 'text', CASE WHEN s % ${NEEDLES} = 0 THEN 'needle ' || s ELSE 'hay' END
        FROM generate_series(1, $2::int) s ORDER BY s`,
      [chatId, count],
    );
    await test.run("UPDATE chats SET last_seq = $2 WHERE id = $1", [chatId, count]);
  }
});

afterAll(() => test.close());

async function partsBelow(below: number) {
  const client = await test.engine.database.pool.connect();
  try {
    return await readUnindexed(client, { chats: await ownChats(client, { actor: alice }), below });
  } finally {
    client.release();
  }
}

/** The places of all that a search finds, page by page. */
async function search() {
  const found: string[] = [];
  let cursor: string | undefined;
  for (let pages = 0; pages < 100; pages++) {
    const page = await searchMessages(test.engine, { actor: alice, text: "needle", limit: 50, cursor });
    found.push(...page.results.map(({ message }) => message.content));
    if (page.nextCursor === null) return found;
    cursor = page.nextCursor;
  }
  throw new Error("The pages do not end");
}

const expected = Array.from({ length: TOTAL / NEEDLES }, (_, n) => `needle ${TOTAL - n * NEEDLES}`);

it("reads a bounded piece of what has no block, from any cursor on, and finds all of it", async () => {
  const numberOf = async (seq: number) =>
    (
      await test.run<{ number: number }>("SELECT number FROM messages WHERE chat_id = $1 AND seq = $2", [
        chatId,
        seq,
      ])
    )[0]?.number ?? 0;
  for (const upTo of [TOTAL, TOTAL - 1, 30_001, 5_000, 1]) {
    const below = upTo === TOTAL ? Number.MAX_SAFE_INTEGER : await numberOf(upTo + 1);
    const { parts, completeTo } = await partsBelow(below);
    expect(parts.length).toBeLessThanOrEqual(PARTS / 2 + 1);
    expect(completeTo).toBeLessThan(below - 1);
    const own = parts.filter((part) => part.chatId === chatId && part.newest > completeTo);
    const places = new Set(own.flatMap(({ firstSeq, lastSeq }) => [firstSeq, lastSeq]));
    // Without a gap from the cursor down to where it says that it is complete.
    const least = Math.min(...places);
    expect(own.reduce((sum, { firstSeq, lastSeq }) => sum + lastSeq - firstSeq + 1, 0)).toBe(
      Math.max(...places) - least + 1,
    );
    expect(Math.max(...places)).toBeGreaterThanOrEqual(upTo);
    expect(completeTo === -1 ? least : completeTo).toBe(completeTo === -1 ? 1 : await numberOf(least - 1));
  }
  expect(await search()).toEqual(expected);
});

it("gathers what changed again and again, and finds all of it", async () => {
  // As if all of it had its blocks, which say nothing of what is there now.
  await test.run(
    `INSERT INTO search_blocks (chat_id, first_seq, last_seq, oldest_number, newest_number, oldest_at, newest_at, terms)
      VALUES ($1::uuid, 1, $2::int, 0, 0, now(), now(), '')`,
    [chatId, TOTAL],
  );
  await test.run(
    `INSERT INTO search_changes (chat_id, first_seq, last_seq) SELECT $1::uuid, ${NEEDLES}, ${NEEDLES} FROM generate_series(1, 5000)
      UNION ALL SELECT $1::uuid, s, s + 99 FROM generate_series(1, $2::int, 100) s
      UNION ALL SELECT $1::uuid, 1, $2::int`,
    [chatId, TOTAL],
  );
  const { parts } = await partsBelow(Number.MAX_SAFE_INTEGER);
  expect(parts.length).toBeLessThanOrEqual(PARTS / 2 + 1);
  expect(await search()).toEqual(expected);
});
