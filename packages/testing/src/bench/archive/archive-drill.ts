import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { performance } from "node:perf_hooks";
import {
  archiveStats,
  closeEngine,
  type Engine,
  listArchiveRuns,
  restoreChat,
  sendMessage,
  verifyChats,
} from "@parley/engine";
import { readRawRows } from "../../old-chat.js";
import { createTestDatabase } from "../../test-database.js";
import { openTestEngine } from "../../test-engine.js";
import { until } from "../../until.js";
import { compactDatabase, fillDatabase, settleDatabase } from "../fill-database.js";
import { historyPrint, syncPrint } from "./chat-prints.js";

export interface DrillInput {
  rows: number;
  /** Chats of alice, of equally many messages. */
  chats: number;
  log: (line: string) => void;
}

/** What was seen: figures, and what was not as it should be. */
export interface DrillReport {
  faults: string[];
  archived: number;
  segmentsAtKill: number;
  segments: number;
  /** Comparisons of whole chats and of catching up. */
  compared: { before: number; during: number; killed: number; after: number };
  sentMeanwhile: number;
  seconds: { first: number; second: number };
  /** Bytes with all indexes. */
  sizes: Record<"messages" | "kept" | "segments" | "names", number>;
  rawBytes: number;
  storedBytes: number;
}

interface Stage {
  engine: Engine;
  databaseUrl: string;
  chats: string[];
  /** As history was before anything was archived. */
  prints: Map<string, string>;
  sync: { whole: string; since: string; cursor: string };
  faults: string[];
  log: (line: string) => void;
}

const alice = { userId: "alice", role: "user" };
const operator = { userId: "root", role: "admin" };
const busy = { userId: "busy", role: "user" };
const RESTORED = 3;
/** Comparisons of histories for one of catching up. */
const SYNC_EVERY = 10;

/**
 * Fills a database, archives it with a process that is killed with SIGKILL in the middle, archives it with a second one, and compares what history
 * and catching up show before, meanwhile, after the kill and at the end, while somebody else goes on writing. At last some chats are brought
 * back, and their rows compared with what they were.
 */
export async function runArchiveDrill({ rows, chats, log }: DrillInput): Promise<DrillReport> {
  const database = await createTestDatabase();
  const { engine } = openTestEngine(database.url);
  try {
    const stage = await prepare(engine, { databaseUrl: database.url, rows, chats, log });
    const before = { ...(await sizesOf(engine)) };
    const raw = new Map<string, string>();
    for (const chatId of stage.chats.slice(0, RESTORED)) raw.set(chatId, await rowPrint(engine, chatId));
    const writer = keepWriting(engine);

    const first = await archiveUntilKilled(stage);
    const killed = await compareAll(stage, "after the kill");
    await compareSync(stage, "after the kill");
    const second = await archiveToTheEnd(stage);
    const sent = await writer.stop();
    const after = await compareAll(stage, "at the end");
    await compareSync(stage, "at the end");
    await checkRows(stage, { rows, sent });
    const totals = await archiveStats(engine);
    await compactDatabase(database.url);
    const { messages: kept, segments, names } = await sizesOf(engine);
    for (const [chatId, print] of raw) {
      await restoreChat(engine, { actor: operator, chatId });
      if ((await rowPrint(engine, chatId)) !== print)
        stage.faults.push(`The rows of ${chatId} came back changed`);
    }
    return {
      faults: stage.faults,
      archived: totals.messages,
      segmentsAtKill: first.segments,
      segments: totals.segments,
      compared: { before: stage.chats.length, during: first.compared + second.compared, killed, after },
      sentMeanwhile: sent.length,
      seconds: { first: first.seconds, second: second.seconds },
      sizes: { messages: before.messages, kept, segments, names },
      rawBytes: totals.rawBytes,
      storedBytes: totals.storedBytes,
    };
  } finally {
    await closeEngine(engine);
    await database.drop();
  }
}

async function prepare(
  engine: Engine,
  { databaseUrl, rows, chats: count, log }: DrillInput & { databaseUrl: string },
): Promise<Stage> {
  await fillDatabase({ databaseUrl, messages: rows, chats: count, userId: alice.userId });
  await fillDatabase({ databaseUrl, messages: 2, chats: 1, userId: busy.userId });
  await settleDatabase(databaseUrl);
  const found = await engine.database.pool.query<{ id: string }>(
    "SELECT c.id FROM chats c JOIN members m ON m.chat_id = c.id WHERE m.user_id = $1 ORDER BY c.id",
    [alice.userId],
  );
  const chats = found.rows.map(({ id }) => id);
  const prints = new Map<string, string>();
  for (const chatId of chats)
    prints.set(chatId, (await historyPrint(engine, { chatId, userId: alice.userId })).print);
  const { print: whole, cursor } = await syncPrint(engine, { userId: alice.userId });
  const { print: since } = await syncPrint(engine, { userId: alice.userId, cursor });
  log(`${rows} messages in ${count} chats are stored and read`);
  return { engine, databaseUrl, chats, prints, sync: { whole, since, cursor }, faults: [], log };
}

/** A process that archives what is a day old as the worker does, as fast as it can; and stands still when it has archived `most` messages. */
function archiveApart({ databaseUrl }: Stage, most?: number): ChildProcess {
  const program = `
    import { beginArchiveRun, openEngine, runArchive } from "@parley/engine";
    const log = { info() {}, warn() {}, error(...line) { console.error(...line); } };
    const engine = openEngine({ databaseUrl: ${JSON.stringify(databaseUrl)}, publish() {}, log });
    const policy = { archiveAfterDays: { order: 0, direct: 1, group: 0 }, purgeAfterDays: 0 };
    const run = await beginArchiveRun(engine);
    let left = ${most ?? "Infinity"};
    const afterSegment = async (messages) => (left -= messages) > 0 || new Promise(() => undefined);
    await runArchive(engine, { run, policy, afterSegment });
    process.exit(0);`;
  return spawn(process.execPath, ["--input-type=module", "-e", program], {
    cwd: import.meta.dirname,
    stdio: ["ignore", "inherit", "inherit"],
  });
}

async function archiveUntilKilled(stage: Stage) {
  const { engine, chats } = stage;
  const began = performance.now();
  const stored = await one(engine, "SELECT sum(greatest(0, last_seq - 200)) FROM chats");
  // However late it is noticed that it has done one half, it does not come to the end of the other.
  const child = archiveApart(stage, (stored * 3) / 4);
  let compared = 0;
  const isHalf = async () => {
    if (child.exitCode !== null) throw new Error("The first run ended before it could be killed");
    const chatId = chats[compared % chats.length] ?? "";
    await compare(stage, { chatId, when: "during the first run" });
    if (compared++ % SYNC_EVERY === 0) await compareSync(stage, "during the first run");
    return (await archiveStats(engine)).messages >= stored / 2;
  };
  while (!(await isHalf()));
  child.kill("SIGKILL");
  await once(child, "exit");
  const seconds = (performance.now() - began) / 1_000;
  // Whatever it had begun is undone when Postgres notices that it is gone.
  await until(
    async () =>
      (await one(
        engine,
        "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database WHERE d.datname = current_database() AND l.mode = 'RowExclusiveLock' AND l.relation = 'archive_segments'::regclass",
      )) === 0,
    "Postgres has noticed that the process is gone",
  );
  const { segments, messages } = await archiveStats(engine);
  stage.log(`killed after ${messages} messages in ${segments} segments`);
  return { segments, compared, seconds };
}

async function archiveToTheEnd(stage: Stage) {
  const began = performance.now();
  const child = archiveApart(stage);
  const ended = once(child, "exit");
  let compared = 0;
  while (child.exitCode === null && child.signalCode === null) {
    const chatId = stage.chats[compared % stage.chats.length] ?? "";
    await compare(stage, { chatId, when: "during the second run" });
    if (compared++ % SYNC_EVERY === 0) await compareSync(stage, "during the second run");
  }
  const [code] = await ended;
  const seconds = (performance.now() - began) / 1_000;
  const [run] = await listArchiveRuns(stage.engine, 1);
  if (code !== 0 || run?.state !== "done")
    stage.faults.push(`The second run ended as ${run?.state}, code ${code}`);
  return { compared, seconds };
}

async function compareAll(stage: Stage, when: string): Promise<number> {
  for (const chatId of stage.chats) await compare(stage, { chatId, when });
  return stage.chats.length;
}

async function compare(
  { engine, prints, faults }: Stage,
  { chatId, when }: { chatId: string; when: string },
): Promise<void> {
  const { print } = await historyPrint(engine, { chatId, userId: alice.userId });
  if (print !== prints.get(chatId)) faults.push(`The history of ${chatId} differs ${when}`);
}

/** Catching up tells the same as before, from nothing and from a cursor of before. */
async function compareSync({ engine, sync, faults }: Stage, when: string): Promise<void> {
  const { userId } = alice;
  if ((await syncPrint(engine, { userId })).print !== sync.whole) faults.push(`A snapshot differs ${when}`);
  const since = await syncPrint(engine, { userId, cursor: sync.cursor });
  if (since.print !== sync.since) faults.push(`Catching up differs ${when}`);
}

/** Somebody who writes all the time, in a chat of their own. */
function keepWriting(engine: Engine) {
  const sent: string[] = [];
  let isOver = false;
  const work = (async () => {
    const chatId = await text(engine, "SELECT chat_id FROM members WHERE user_id = 'busy'");
    while (!isOver) {
      const clientId = `drill-${sent.length}`;
      const draft = { content: clientId, type: "text" as const, clientId };
      sent.push((await sendMessage(engine, { actor: busy, chatId, draft })).id);
    }
  })();
  return {
    stop: async () => {
      isOver = true;
      await work;
      return sent;
    },
  };
}

/** Every message is in one place, once; the audit agrees. */
async function checkRows(
  { engine, faults }: Stage,
  { rows, sent }: { rows: number; sent: readonly string[] },
): Promise<void> {
  const { messages } = await archiveStats(engine);
  const left = await one(engine, "SELECT count(*) FROM messages");
  if (left + messages !== rows + 2 + sent.length)
    faults.push(`${left} rows and ${messages} archived ones are not ${rows + 2 + sent.length}`);
  const doubled = await one(
    engine,
    "SELECT count(*) FROM messages m JOIN archived_messages a ON a.id = m.id",
  );
  if (doubled > 0) faults.push(`${doubled} messages are in both places`);
  const written = await one(engine, "SELECT count(*) FROM messages WHERE client_id LIKE 'drill-%'");
  if (written !== sent.length) faults.push(`${written} of ${sent.length} acknowledged messages are there`);
  await engine.database.pool.query("UPDATE chats SET changed_xid = pg_current_xact_id()");
  const audited = await until(
    async () => ((found) => found.checked > 0 && found)(await verifyChats(engine, { limit: 10_000 })),
    "the audit has seen the chats",
  );
  faults.push(...audited.faults.map(({ chatId, rule }) => `The audit finds ${rule} in ${chatId}`));
}

async function sizesOf(engine: Engine) {
  const size = (table: string) => one(engine, `SELECT pg_total_relation_size('${table}')`);
  return {
    messages: await size("messages"),
    segments: await size("archive_segments"),
    names: await size("archived_messages"),
  };
}

async function rowPrint(engine: Engine, chatId: string): Promise<string> {
  const hash = createHash("sha256");
  for (const row of await readRawRows(engine, chatId)) hash.update(row);
  return hash.digest("hex");
}

async function one(engine: Engine, statement: string): Promise<number> {
  return Number(await text(engine, statement));
}

async function text(engine: Engine, statement: string): Promise<string> {
  const { rows } = await engine.database.pool.query<Record<string, string>>(statement);
  return String(Object.values(rows[0] ?? {})[0] ?? "");
}
