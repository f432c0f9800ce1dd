import { judgeSegment } from "../archive/judge-segment.js";
import type { Engine } from "../engine.js";
import { type IntegrityFault, verifyChats } from "./verify-chats.js";

export interface DatabaseReport {
  /** Rows by table. */
  rows: Record<string, number>;
  /** Chats whose promises were held against their rows. */
  chats: number;
  faults: IntegrityFault[];
  /** Segments of the archive, which were unpacked and compared with their checksums, */
  segments: number;
  /** but for these, in a storage that this process does not have: the worker's check looks at them. */
  segmentsElsewhere: number;
  /** Those that are missing or differ, as `chat:first number`. */
  spoiltSegments: string[];
}

/** How long one table may take. */
const COUNT_MS = 3_600_000;
const CHATS_AT_ONCE = 500;
const SEGMENTS_AT_ONCE = 50;
const FROM_THE_BEGINNING = "0:00000000-0000-0000-0000-000000000000";

/** Looks at everything once, as after a restore: counts, what every chat promises, every segment's checksum. Reads only. */
export async function verifyDatabase(engine: Engine): Promise<DatabaseReport> {
  const rows = await countRows(engine);
  const faults: IntegrityFault[] = [];
  let chats = 0;
  for (let after = FROM_THE_BEGINNING, more = true; more; ) {
    const found = await verifyChats(engine, { limit: CHATS_AT_ONCE, after });
    faults.push(...found.faults);
    chats += found.checked;
    after = found.next;
    more = !found.caughtUp;
  }
  return { rows, chats, faults, ...(await judgeSegments(engine)) };
}

const TABLES = `SELECT table_name AS name FROM information_schema.tables
  WHERE table_schema = current_schema AND table_type = 'BASE TABLE' ORDER BY table_name`;

/** Counting reads whole tables, which the engine's own limits are there to prevent. */
async function countRows({ database: { pool } }: Engine): Promise<Record<string, number>> {
  const client = await pool.connect();
  try {
    await client.query("BEGIN READ ONLY; SET LOCAL statement_timeout = 0; SET LOCAL enable_seqscan = on");
    const { rows: tables } = await client.query<{ name: string }>(TABLES);
    const counts: Record<string, number> = {};
    for (const { name } of tables) {
      const asking = {
        text: `SELECT count(*) FROM ${client.escapeIdentifier(name)}`,
        query_timeout: COUNT_MS,
      };
      const { rows } = await client.query<{ count: number }>(asking);
      counts[name] = rows[0]?.count ?? 0;
    }
    return counts;
  } finally {
    await client.query("ROLLBACK");
    client.release();
  }
}

async function judgeSegments(engine: Engine): Promise<Omit<DatabaseReport, "rows" | "chats" | "faults">> {
  const report = { segments: 0, segmentsElsewhere: 0, spoiltSegments: [] as string[] };
  for (let last: { chatId: string; lastSeq: number } | undefined; ; ) {
    const page = await engine.database.prisma.archiveSegment.findMany({
      ...(last && { cursor: { chatId_lastSeq: last }, skip: 1 }),
      orderBy: [{ chatId: "asc" }, { lastSeq: "asc" }],
      take: SEGMENTS_AT_ONCE,
    });
    for (const segment of page) {
      const { chatId, firstSeq } = segment;
      const verdict = await judgeSegment(engine, { chatId, segment });
      if (verdict === "elsewhere") report.segmentsElsewhere++;
      else if (verdict !== "sound") report.spoiltSegments.push(`${chatId}:${firstSeq}`);
    }
    report.segments += page.length;
    last = page.at(-1);
    if (last === undefined || page.length < SEGMENTS_AT_ONCE) return report;
    last = { chatId: last.chatId, lastSeq: last.lastSeq };
  }
}
