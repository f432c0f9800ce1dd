import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import type { ChatPosition } from "./read-positions.js";
import { BEFORE_ALL } from "./transaction-snapshot.js";

/** That a chat has changed, up to where, and who came into it. */
export interface Commit extends ChatPosition {
  joined: string[];
  /** Where the chat stood before; only with `joined`. */
  before: { rev: number; seq: number } | null;
  /** Who has read in private, and up to where. The chat itself has not changed by that: such an entry has revision 0. */
  privateReads?: Array<{ userId: string; readSeq: number }>;
}

export interface CommitLog {
  commits: Commit[];
  /** From where to read on: the text of a transaction snapshot, so that what commits late is still found. */
  next: string;
}

const NEXT = {
  name: "commit-log-end",
  text: "SELECT pg_current_snapshot()::text AS next",
};

// One row per chat, so that a busy chat costs no more than a quiet one. Arrivals and private reading stand for themselves.
const READ = {
  name: "read-commits",
  text: `WITH since AS MATERIALIZED (
      SELECT chat_ids, revs, seqs, joined, before_rev, before_seq, readers, reader_chat_ids, reader_seqs
      FROM commits WHERE xid >= pg_snapshot_xmin($1::pg_snapshot) AND NOT pg_visible_in_snapshot(xid, $1::pg_snapshot))
    SELECT chat_id AS "chatId", max(rev) AS rev, max(seq) AS seq, '{}'::text[] AS joined, NULL::int AS before_rev,
      NULL::int AS before_seq, NULL::jsonb AS readers
    FROM since, unnest(chat_ids, revs, seqs) AS u(chat_id, rev, seq) WHERE joined IS NULL OR joined = '{}' GROUP BY chat_id
    UNION ALL
    SELECT chat_ids[1], revs[1], seqs[1], joined, before_rev, before_seq, NULL FROM since WHERE joined <> '{}'
    UNION ALL
    SELECT chat_id, 0, 0, '{}', NULL, NULL, jsonb_agg(jsonb_build_object('userId', user_id, 'readSeq', seq))
    FROM (
      SELECT chat_id, user_id, max(seq) AS seq
      FROM since, unnest(reader_chat_ids, readers, reader_seqs) AS u(chat_id, user_id, seq) GROUP BY chat_id, user_id
    ) private GROUP BY chat_id`,
};

interface Row extends ChatPosition {
  joined: string[];
  before_rev: number | null;
  before_seq: number | null;
  readers: NonNullable<Commit["privateReads"]> | null;
}

/** Where the log ends now: what a node that has just started reads from. */
export async function readCommitLogEnd(engine: Engine): Promise<string> {
  const { rows } = await guardDatabase(() => engine.database.pool.query<{ next: string }>(NEXT));
  return rows[0]?.next ?? BEFORE_ALL;
}

/** Which chats have changed since; a commit may be told twice and none is left out. */
export async function readCommits(engine: Engine, since: string): Promise<CommitLog> {
  // The end first: what commits between the two statements is told now and once more next time.
  const next = await readCommitLogEnd(engine);
  const { rows } = await guardDatabase(() => engine.database.pool.query<Row>({ ...READ, values: [since] }));
  const commits = rows.map(({ chatId, rev, seq, joined, before_rev, before_seq, readers }) => ({
    chatId,
    rev,
    seq,
    joined,
    before: before_rev === null || before_seq === null ? null : { rev: before_rev, seq: before_seq },
    ...(readers === null ? {} : { privateReads: readers }),
  }));
  return { commits, next };
}

/** How long the log is kept: a node that did not read it for that long can't know what it missed. */
export const COMMITS_KEPT_MS = 15 * 60_000;

/** However long nobody looked for notifications: beyond this, their sweeper looks at all chats anyway. */
const LONGEST_KEPT_MS = 24 * 3_600_000;

const PRUNE = {
  name: "prune-commits",
  text: `DELETE FROM commits WHERE created_at < $1
    AND (created_at < $2 OR xid < (SELECT xid FROM notification_cursor WHERE id = 1))`,
};

/** Forgets what every node has long read, and the sweeper of notifications too. Returns how many rows went. */
export async function pruneCommits(engine: Engine, olderThanMs: number): Promise<number> {
  const now = engine.clock().getTime();
  const values = [new Date(now - olderThanMs), new Date(now - Math.max(olderThanMs, LONGEST_KEPT_MS))];
  const { rowCount } = await guardDatabase(() => engine.database.pool.query({ ...PRUNE, values }));
  return rowCount ?? 0;
}
