import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";

/** A promise about a chat that its rows break. */
export interface IntegrityFault {
  chatId: string;
  rule: "seq_gap" | "rev_ahead" | "member_count" | "read_ahead";
}

export interface VerifyInput {
  /** Chats to look at, at most. */
  limit: number;
  /** The `next` of the run before; without it the audit begins with the `limit` chats changed last. */
  after?: string | undefined;
}

export interface VerifiedChats {
  checked: number;
  faults: IntegrityFault[];
  /** Where the next run goes on; chats that change in the meantime lie behind it. */
  next: string;
  /** Whether every chat changed before this run began has been looked at. */
  caughtUp: boolean;
}

interface Row {
  id: string;
  changed: string;
  last_seq: number;
  seq_gap: boolean;
  rev_ahead: boolean;
  member_count: boolean;
  read_ahead: boolean;
}

/** Bounds one statement: so many chats, and of each so many messages. */
const CHATS_PER_STATEMENT = 200;
const SLICE = 5_000;
const START = "0:00000000-0000-0000-0000-000000000000";

/**
 * Checks what chats promise against their rows, in the order of their last changes: messages numbered 1 to last_seq without a gap
 * (deleted ones keep their rows, archived ones count by their segments), no revision above last_rev, member_count the number of members, no position above
 * last_seq, and none shown to others above the member's own. Reads only. Throws database_unavailable.
 */
export async function verifyChats(engine: Engine, { limit, after }: VerifyInput): Promise<VerifiedChats> {
  const faults: IntegrityFault[] = [];
  let next = after ?? (await startOf(engine, limit));
  let checked = 0;
  while (checked < limit) {
    const wanted = Math.min(CHATS_PER_STATEMENT, limit - checked);
    const rows = await checkNext(engine, { after: next, wanted });
    for (const row of rows) faults.push(...(await faultsOf(engine, row)));
    checked += rows.length;
    const last = rows.at(-1);
    if (last !== undefined) next = `${last.changed}:${last.id}`;
    if (rows.length < wanted) return { checked, faults, next, caughtUp: true };
  }
  return { checked, faults, next, caughtUp: false };
}

/** The place before the `limit` chats changed last. */
async function startOf(engine: Engine, limit: number): Promise<string> {
  const text = `
    SELECT changed_xid::text AS changed, id FROM chats WHERE changed_xid < ${SETTLED}
    ORDER BY changed_xid DESC, id DESC OFFSET $1 LIMIT 1`;
  const { rows } = await guardDatabase(() =>
    engine.database.pool.query<{ changed: string; id: string }>(text, [limit]),
  );
  return rows[0] === undefined ? START : `${rows[0].changed}:${rows[0].id}`;
}

/** A transaction that is still open may commit a change with an earlier id: from the oldest such one on, the order isn't settled. */
const SETTLED = "pg_snapshot_xmin(pg_current_snapshot())";

/** How many of a chat's messages between two numbers are there: as rows, in segments, or purged. Segments and rows that overlap are too many. */
const storedOf = (from: string, to: string) => `(
    (SELECT count(*) FROM messages m WHERE m.chat_id = c.id AND m.seq BETWEEN ${from} AND ${to})
    + CASE WHEN c.archived_seq >= ${from} THEN greatest(least(c.purged_seq, ${to}) - ${from} + 1, 0) + coalesce((
      SELECT sum(least(s.last_seq, ${to}) - greatest(s.first_seq, ${from}) + 1) FROM archive_segments s
      WHERE s.chat_id = c.id AND s.last_seq >= ${from} AND s.first_seq <= ${to}), 0) ELSE 0 END)`;

/** One statement, hence one snapshot: a send that commits meanwhile can't look like a fault. */
const CHECK = `
  WITH next AS MATERIALIZED (
    SELECT * FROM chats
    WHERE (changed_xid, id) > ($1::xid8, $2::uuid) AND changed_xid < ${SETTLED}
    ORDER BY changed_xid, id LIMIT $3
  )
  SELECT c.id, c.changed_xid::text AS changed, c.last_seq,
    ${storedOf("1", `least(c.last_seq, ${SLICE})`)} <> least(c.last_seq, ${SLICE})
      OR EXISTS (SELECT FROM messages m WHERE m.chat_id = c.id AND m.seq > c.last_seq)
      OR EXISTS (SELECT FROM messages m WHERE m.chat_id = c.id AND m.seq < 1) AS seq_gap,
    EXISTS (SELECT FROM messages m WHERE m.chat_id = c.id AND m.rev > c.last_rev)
      OR EXISTS (SELECT FROM members m WHERE m.chat_id = c.id AND greatest(m.rev, m.joined_rev) > c.last_rev) AS rev_ahead,
    (SELECT count(*) FROM members m WHERE m.chat_id = c.id AND m.left_at IS NULL) <> c.member_count AS member_count,
    EXISTS (
      SELECT FROM members m WHERE m.chat_id = c.id
        AND (greatest(m.read_seq, m.delivered_seq) > c.last_seq OR m.shown_read_seq > m.read_seq)
    ) AS read_ahead
  FROM next c ORDER BY c.changed_xid, c.id`;

async function checkNext(engine: Engine, input: { after: string; wanted: number }): Promise<Row[]> {
  const [changed, id] = input.after.split(":");
  const { rows } = await guardDatabase(() =>
    engine.database.pool.query<Row>(CHECK, [changed, id, input.wanted]),
  );
  return rows;
}

async function faultsOf(engine: Engine, row: Row): Promise<IntegrityFault[]> {
  const seqGap = row.seq_gap || (await hasLaterGap(engine, row));
  const broken: Record<IntegrityFault["rule"], boolean> = {
    seq_gap: seqGap,
    rev_ahead: row.rev_ahead,
    member_count: row.member_count,
    read_ahead: row.read_ahead,
  };
  const rules = Object.keys(broken) as IntegrityFault["rule"][];
  return rules.filter((rule) => broken[rule]).map((rule) => ({ chatId: row.id, rule }));
}

/** Messages stay for good, as rows or archived, so a long chat may be counted slice by slice, each in its own snapshot. */
async function hasLaterGap(engine: Engine, { id, last_seq: lastSeq }: Row): Promise<boolean> {
  const text = `SELECT ${storedOf("$2::int", "$3::int")}::int AS stored FROM chats c WHERE c.id = $1`;
  for (let from = SLICE + 1; from <= lastSeq; from += SLICE) {
    const to = Math.min(from + SLICE - 1, lastSeq);
    const { rows } = await guardDatabase(() =>
      engine.database.pool.query<{ stored: number }>(text, [id, from, to]),
    );
    if (rows[0]?.stored !== to - from + 1) return true;
  }
  return false;
}
