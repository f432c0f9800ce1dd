import { execFile } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { createClient, memoryStore, type ParleyClient } from "@parley/client";
import { archiveChat, closeEngine, type DatabaseReport } from "@parley/engine";
import { findPostgresTools } from "../find-postgres-tools.js";
import { createOldChat } from "../old-chat.js";
import { restClient } from "../rest-client.js";
import { openTestEngine } from "../test-engine.js";
import { testToken } from "../test-token.js";
import { until } from "../until.js";
import { DrillCluster } from "./drill-cluster.js";

export interface DrillOptions {
  root: string;
  /** Messages that are there before the base backup is made. */
  messages: number;
  write: (line: string) => void;
}

/** What came of it. All that is compared is written by Postgres itself. */
export interface DrillResult {
  /** What the tables held at the moment to which the database was to be restored, and what they hold afterwards. */
  wanted: string;
  restored: string;
  /** From the dump, read into another database, and what the first database held when it was made. */
  dumped: string;
  readBack: string;
  /** What was looked at after each of the two, and what was wrong. */
  reports: DatabaseReport[];
  /** Whether clients were told to begin anew: with a cursor from before the moment, from after it, and with the latter when the database has got further than that. */
  resets: { before: boolean; after: boolean; later: boolean };
  /** Nodes that noticed by themselves that another database answers. */
  nodesThatNoticed: number;
  /** What a user of the SDK sees in the end, who was connected all the while, and what is stored. */
  shown: string[];
  stored: string[];
  /** Seconds. */
  took: Record<"base backup" | "restore" | "until it served again" | "dump" | "reading the dump", number>;
  bytes: Record<"database" | "base backup" | "log" | "dump", number>;
}

interface Page {
  cursor: string;
  reset: boolean;
  hasMore: boolean;
}

/** Loses a database under people who use it, restores it to a moment before its loss, and looks at what came of it. Everything is on this machine. */
export async function runDrill({ root, messages, write }: DrillOptions): Promise<DrillResult> {
  const drill = await DrillCluster.start({ root, toolsPath: await findPostgresTools() });
  const sdk = createClient({
    url: drill.cluster.url,
    userId: "ann",
    token: () => testToken({ userId: "ann", expiresIn: 86_400 }),
    store: memoryStore(),
  });
  try {
    return await play(drill, { root, messages, write, sdk });
  } finally {
    await sdk.close();
    await drill.stop();
  }
}

interface Part {
  drill: DrillCluster;
  took: ReturnType<typeof stopwatch>;
  sdk: ParleyClient;
  chatId: string;
}

async function play(
  drill: DrillCluster,
  { root, messages, write, sdk }: DrillOptions & { sdk: ParleyClient },
): Promise<DrillResult> {
  const took = stopwatch(write);
  const part = { drill, took, sdk, chatId: await fill(drill, { messages, write }) };
  const { wanted, baseBackup, cursors } = await loseAndRestore(part, write);
  const restored = await digest(drill);
  const early = await resetsOf(drill, cursors);
  const reports = [await look(root, drill.databaseUrl)];
  const nodesThatNoticed = noticed(drill);
  const { stored, later } = await goOn(part, cursors.after);
  const { dumped, readBack, readBackUrl, dumpBytes } = await dumpAndRead(part);
  reports.push(await look(root, readBackUrl));
  const [size] = await drill.query<{ bytes: string }>("SELECT pg_database_size('parley') AS bytes");
  return {
    wanted,
    restored,
    dumped,
    readBack,
    reports,
    resets: { ...early, later },
    nodesThatNoticed,
    stored,
    shown: textsOf(sdk, part.chatId),
    took: took.seconds,
    bytes: {
      database: Number(size?.bytes),
      "base backup": sizeOf(baseBackup),
      log: sizeOf(drill.wal),
      dump: dumpBytes,
    },
  };
}

interface Cursors {
  /** From before the moment to which the database goes back, and from after it. */
  before: string;
  after: string;
}

async function loseAndRestore(
  { drill, took, sdk, chatId }: Part,
  write: (line: string) => void,
): Promise<{ wanted: string; baseBackup: string; cursors: Cursors }> {
  const ann = restClient(drill.cluster.url, { userId: "ann" });
  const baseBackup = await took("base backup", () =>
    drill.script("base-backup.sh", path.join(drill.folder, "backups")),
  );
  await sayAll(drill, { chatId, from: "after the backup", count: 50 });
  const before = await catchUp(ann);
  const wanted = await digest(drill);
  const [moment] = await drill.query<{ now: string }>("SELECT clock_timestamp()::text AS now");
  await sayAll(drill, { chatId, from: "to be lost", count: 50 });
  const after = await catchUp(ann);
  await until(() => textsOf(sdk, chatId).includes("to be lost 49"), "the SDK shows it");
  await drill.untilKept();
  write(`the database is lost; back to ${moment?.now}`);
  await drill.lose();
  await took("restore", () =>
    drill.script("restore.sh", baseBackup, drill.wal, drill.restoredData, moment?.now ?? ""),
  );
  await took("until it served again", async () => {
    const running = new Set(drill.cluster.nodes.map(({ pid }) => pid));
    await drill.startRestored();
    await untilServing(drill, running);
  });
  return { wanted, baseBackup, cursors: { before, after } };
}

async function resetsOf({ cluster }: DrillCluster, { before, after }: Cursors) {
  const ann = restClient(cluster.url, { userId: "ann" });
  return { before: (await page(ann, before)).reset, after: (await page(ann, after)).reset };
}

/** People go on, until the cursor from after the moment looks as if it were from the past. */
async function goOn(
  { drill, sdk, chatId }: Part,
  after: string,
): Promise<{ stored: string[]; later: boolean }> {
  await sayAll(drill, { chatId, from: "since then", count: 60 });
  for (let count = 0; count < TRANSACTIONS; count++) await drill.query("SELECT pg_current_xact_id()");
  const { reset } = await page(restClient(drill.cluster.url, { userId: "ann" }), after);
  const stored = await storedTexts(drill, chatId);
  const isSame = () => textsOf(sdk, chatId).join() === stored.slice(-textsOf(sdk, chatId).length).join();
  await until(
    () => isSame() && textsOf(sdk, chatId).includes("since then 59"),
    "the SDK shows what is stored",
  );
  return { stored: stored.slice(-textsOf(sdk, chatId).length), later: reset };
}

/** More than were begun between the moment and the loss. */
const TRANSACTIONS = 200;

async function dumpAndRead({ drill, took }: Part) {
  const dumped = await digest(drill);
  const dump = path.join(drill.folder, "parley.dump");
  await took("dump", () => drill.script("dump.sh", dump));
  await took("reading the dump", () => drill.script("restore-dump.sh", dump, "parley_read_back"));
  const readBackUrl = drill.databaseUrl.replace(/\/parley$/, "/parley_read_back");
  return { dumped, readBackUrl, readBack: await digest(drill, readBackUrl), dumpBytes: statSync(dump).size };
}

type Step = keyof DrillResult["took"];

function stopwatch(write: (line: string) => void) {
  const seconds = {} as Record<Step, number>;
  const measure = async <Result>(step: Step, work: () => Promise<Result>): Promise<Result> => {
    const begun = performance.now();
    const result = await work();
    seconds[step] = Math.round(performance.now() - begun) / 1_000;
    write(`${step}: ${seconds[step]} s`);
    return result;
  };
  return Object.assign(measure, { seconds });
}

/** A chat that people talk in, one with archived messages, and as many more messages as are asked for. */
async function fill(
  drill: DrillCluster,
  { messages, write }: { messages: number; write: (line: string) => void },
): Promise<string> {
  const ann = restClient(drill.cluster.url, { userId: "ann" });
  const { body } = await ann.request<{ id: string }>("POST", "/v1/chat", {
    type: "group",
    name: "tea",
    member_ids: ["ben"],
  });
  await sayAll(drill, { chatId: body.id, from: "before the backup", count: 100 });
  const { engine } = openTestEngine(drill.databaseUrl);
  const old = await createOldChat(engine, { count: 1_200 });
  await archiveChat(engine, { chatId: old, before: new Date("2025-01-01") });
  for (let left = messages; left > 0; left -= 5_000)
    await createOldChat(engine, { count: Math.min(left, 5_000), seed: left });
  await closeEngine(engine);
  write(`${messages} messages besides those of the drill`);
  return body.id;
}

async function sayAll(
  { cluster }: DrillCluster,
  { chatId, from, count }: { chatId: string; from: string; count: number },
): Promise<void> {
  const ben = restClient(cluster.url, { userId: "ben" });
  for (let number = 0; number < count; number++) {
    const content = `${from} ${number}`;
    const message = { content, type: "text", client_id: content };
    const { status } = await ben.request("POST", `/v1/chat/${chatId}/messages`, message);
    if (status !== 201) throw new Error(`a message was answered with ${status}`);
  }
}

/** What the tables say, in one line: rows and a digest of all messages with everything about them but transactions' numbers. */
async function digest(drill: DrillCluster, databaseUrl = drill.databaseUrl): Promise<string> {
  const text = `SELECT (SELECT count(*) FROM chats) || ' chats, ' || (SELECT count(*) FROM members) || ' members, '
      || (SELECT count(*) FROM reactions) || ' reactions, ' || (SELECT count(*) || ' segments ' || coalesce(md5(string_agg(md5(data), '' ORDER BY chat_id, last_seq)), '') FROM archive_segments)
      || ', ' || count(*) || ' messages ' || md5(string_agg(md5((to_jsonb(m) - 'changed_xid')::text), '' ORDER BY chat_id, seq)) AS digest
    FROM messages m`;
  const [row] = await drill.query<{ digest: string }>(text, databaseUrl);
  return row?.digest ?? "";
}

type Rest = ReturnType<typeof restClient>;

async function page(rest: Rest, cursor?: string): Promise<Page> {
  const query = cursor === undefined ? "" : `?cursor=${encodeURIComponent(cursor)}`;
  const { status, body } = await rest.request<{ cursor: string; reset: boolean; hasMore: boolean }>(
    "GET",
    `/v1/sync${query}`,
  );
  if (status !== 200) throw new Error(`a catch-up was answered with ${status}`);
  return body;
}

async function catchUp(rest: Rest): Promise<string> {
  let found = await page(rest);
  while (found.hasMore) found = await page(rest, found.cursor);
  return found.cursor;
}

async function untilServing({ cluster }: DrillCluster, running: Set<number | undefined>): Promise<void> {
  const ask = () => restClient(cluster.url, { userId: "ann" }).request("GET", "/v1/chat/my-chats");
  const isNew = (pid: number | undefined) => pid !== undefined && !running.has(pid);
  await until(() => cluster.nodes.every(({ pid }) => isNew(pid)), "every node has begun anew");
  await until(async () => (await ask().catch(() => undefined))?.status === 200, "a node answers");
}

function noticed({ cluster }: DrillCluster): number {
  const folder = cluster.services.dataDir;
  const logs = cluster.nodes.map(({ name }) => readFileSync(path.join(folder, `${name}.log`), "utf8"));
  return logs.filter((log) => log.includes("another database answers")).length;
}

async function look(root: string, databaseUrl: string): Promise<DatabaseReport> {
  const script = path.join(root, "packages/engine/dist/audit/main.js");
  const env = { ...process.env, DATABASE_URL: databaseUrl };
  const asked = promisify(execFile)(process.execPath, [script], { env }).catch(
    (error: { stdout: string }) => error,
  );
  return JSON.parse((await asked).stdout) as DatabaseReport;
}

async function storedTexts(drill: DrillCluster, chatId: string): Promise<string[]> {
  const rows = await drill.query<{ content: string }>(
    `SELECT content FROM messages WHERE chat_id = '${chatId}' ORDER BY seq`,
  );
  return rows.map(({ content }) => content);
}

function textsOf(sdk: ParleyClient, chatId: string): string[] {
  return sdk
    .timeline(chatId)
    .flatMap((entry) => (entry.status === "stored" ? [entry.message.content ?? ""] : []));
}

function sizeOf(folder: string): number {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return names.reduce((sum, name) => sum + statSync(path.join(folder, name)).size, 0);
}
