import {
  createTestDatabase,
  fillDatabase,
  measureQueries,
  openTestEngine,
  type TestDatabase,
  type TestEngine,
} from "@parley/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { closeEngine } from "../open-engine.js";
import { indexMessages } from "./index-messages.js";
import { type SearchInput, searchMessages } from "./search-messages.js";

const OWN_CHATS = 300;
const LARGE = 10_000;
const OTHERS = 3_000;
/** Rows that a search may read besides, whatever the database holds. */
const FEW = 150;

const alice = { userId: "alice", role: "user" };

interface Subject {
  name: string;
  input: Omit<SearchInput, "actor" | "limit">;
  /** Messages that it may read. */
  messages: number;
  /** In one chat only. */
  inLargest?: true;
}

const SUBJECTS: Subject[] = [
  { name: "a word that is nowhere", input: { text: "nowhere" }, messages: 0 },
  {
    name: "a common word that somebody never said",
    input: { text: "conversation", from: "nobody" },
    messages: 0,
  },
  { name: "a common word", input: { text: "conversation" }, messages: 1_500 },
  // One page looks through so many, and no further.
  { name: "common words that never meet", input: { text: '"conversation message"' }, messages: 7_500 },
  { name: "a common word in one chat", input: { text: "conversation" }, messages: 600, inLargest: true },
  { name: "a word that is nowhere in one chat", input: { text: "nowhere" }, messages: 0, inLargest: true },
];

describe.each(["never", "after filling"])("with statistics that were made %s", (statistics) => {
  let database: TestDatabase;
  let test: TestEngine;
  let largest: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    // One connection keeps the plans that it has made, and tells its counts.
    test = openTestEngine(database.url, { poolSize: 1 });
    const { url: databaseUrl } = database;
    for (const { relname } of await query("SELECT relname FROM pg_stat_user_tables"))
      await query(`ALTER TABLE "${relname}" SET (autovacuum_enabled = false)`);
    await fillDatabase({ databaseUrl, messages: LARGE, chats: 1, userId: "alice" });
    await fillDatabase({ databaseUrl, messages: 2 * OWN_CHATS, chats: OWN_CHATS, userId: "alice" });
    await fillDatabase({ databaseUrl, messages: 2 * OTHERS, chats: OTHERS });
    await indexMessages(test.engine, { waitMs: { whole: 0, rest: 0 } });
    if (statistics !== "never") await query("VACUUM ANALYZE");
    largest = (await query("SELECT id FROM chats ORDER BY last_seq DESC LIMIT 1"))[0]?.id ?? "";
  });

  afterAll(async () => {
    await closeEngine(test.engine);
    await database.drop();
  });

  const query = async (text: string) =>
    (await test.engine.database.pool.query<Record<string, string>>(text)).rows;

  it.each(SUBJECTS)("$name costs a few rows for each own chat, and none of others", async (subject) => {
    const chatId = subject.inLargest && largest;
    const search = () => searchMessages(test.engine, { actor: alice, limit: 20, ...subject.input, chatId });
    // After five runs Postgres decides whether it keeps a plan.
    for (let run = 0; run < 6; run++) await search();
    const { rows } = await measureQueries(test.engine, search);
    const chats = subject.inLargest ? 1 : OWN_CHATS + 1;
    // The blocks of the large chat are 157, of which each page reads as many as match.
    const allowed: Record<string, number> = {
      chats: 2 * chats,
      members: 2 * chats,
      search_blocks: 3 * chats + LARGE / 64,
      messages: subject.messages,
    };
    for (const [table, count] of Object.entries(rows))
      expect([table, count <= (allowed[table] ?? 0) + FEW, count]).toEqual([table, true, count]);
  });
});
