import { parseArgs } from "node:util";
import { closeEngine, type Engine, indexMessages, type SearchInput, searchMessages } from "@parley/engine";
import { createTestDatabase } from "../test-database.js";
import { openTestEngine } from "../test-engine.js";
import { fillDatabase, settleDatabase } from "./fill-database.js";
import { COMMON_WORD, fillTexts, RARE_WORD } from "./search/fill-texts.js";

/**
 * What searches cost in a database of a million messages: alice has a chat of a quarter of them and 500 that share another quarter, the rest is of others,
 * and zoe has three small chats. Run it with `npm run bench:search`; `-- --rows 1000000 --rounds 20` sets how many and how often.
 */

const { values } = parseArgs({
  options: { rows: { type: "string", default: "1000000" }, rounds: { type: "string", default: "20" } },
});

type Search = Omit<SearchInput, "limit">;

const alice = { userId: "alice", role: "user" };
const zoe = { userId: "zoe", role: "user" };
const from = { from: "nobody" };

const SUBJECTS: Array<[string, Search]> = [
  ["a common word, 501 chats", { actor: alice, text: COMMON_WORD }],
  ["a common word, three small chats", { actor: zoe, text: COMMON_WORD }],
  ["a rare word, 501 chats", { actor: alice, text: RARE_WORD }],
  ["a word that is nowhere, 501 chats", { actor: alice, text: "xylophone" }],
  ["a word that is nowhere, three small chats", { actor: zoe, text: "xylophone" }],
  ["two common words that seldom meet", { actor: alice, text: `"rento rento rento" ${COMMON_WORD}` }],
  ["a beginning of three letters", { actor: alice, text: "ren" }],
  ["one Japanese character", { actor: alice, text: "東" }],
  ["three Japanese characters", { actor: alice, text: "電話車" }],
  ["a common word of somebody who never wrote", { actor: alice, text: COMMON_WORD, ...from }],
];

async function main(): Promise<void> {
  const rows = Number(values.rows);
  process.env.PARLEY_TEST_DATABASE_URL = process.env.DATABASE_URL;
  const database = await createTestDatabase();
  // One connection: it tells its counts between two statements.
  const { engine } = openTestEngine(database.url, { poolSize: 1 });
  const { pool } = engine.database;
  const one = async (text: string) => Number(Object.values((await pool.query(text)).rows[0] ?? {})[0]);
  try {
    const fill = (messages: number, chats: number, userId?: string) =>
      fillDatabase({ databaseUrl: database.url, messages, chats, ...(userId && { userId }) });
    await fill(Math.floor(rows / 4), 1, "alice");
    await fill(Math.floor(rows / 4), 500, "alice");
    await fill(Math.floor(rows / 2), Math.max(1, Math.floor(rows / 200)));
    await fill(300, 3, "zoe");
    await fillTexts(database.url, (done) => done % 200_000 === 0 && console.log(`${done} texts`));
    await settleDatabase(database.url);
    const began = performance.now();
    await indexAll(engine);
    const seconds = (performance.now() - began) / 1_000;
    await settleDatabase(database.url);
    console.log(`${await one("SELECT count(*) FROM search_blocks")} blocks in ${seconds.toFixed(0)} s`);
    for (const name of ["messages", "search_blocks"])
      console.log(
        `${name}: ${((await one(`SELECT pg_total_relation_size('${name}')`)) / 1e6).toFixed(1)} MB`,
      );
    console.log(
      `of that the index: ${((await one("SELECT pg_relation_size('search_blocks_terms_idx')")) / 1e6).toFixed(1)} MB`,
    );
    for (const [name, search] of SUBJECTS) console.log(await measure({ name, search }));
  } finally {
    await closeEngine(engine);
    await database.drop();
  }

  async function measure({ name, search }: { name: string; search: Search }): Promise<string> {
    const times: number[] = [];
    let found = "";
    const blocks = async () => {
      await pool.query("SELECT pg_stat_force_next_flush()");
      return one(
        "SELECT sum(heap_blks_hit + heap_blks_read + idx_blks_hit + idx_blks_read + coalesce(toast_blks_hit + toast_blks_read, 0)) FROM pg_statio_user_tables",
      );
    };
    const before = await blocks();
    for (let round = 0; round < Number(values.rounds); round++) {
      const began = performance.now();
      const page = await searchMessages(engine, { ...search, limit: 20 });
      times.push(performance.now() - began);
      found = `${page.results.length} found${page.nextCursor === null ? "" : ", more to come"}`;
    }
    times.sort((left, right) => left - right);
    const at = (share: number) => (times[Math.floor(share * (times.length - 1))] ?? 0).toFixed(1);
    const read = Math.round(((await blocks()) - before) / Number(values.rounds));
    return `${name}: ${read} pages of 8 KiB, median ${at(0.5)} ms, slowest ${at(1)} ms; ${found}`;
  }
}

/** As the worker does: what fails is run again, and goes on where it was. */
async function indexAll(engine: Engine): Promise<void> {
  for (let failures = 0; ; failures++) {
    try {
      return void (await indexMessages(engine, { waitMs: { whole: 0, rest: 0 } }));
    } catch (error) {
      if (failures === 10) throw error;
      console.log(`A run failed: ${String(error)}`);
    }
  }
}

await main();
