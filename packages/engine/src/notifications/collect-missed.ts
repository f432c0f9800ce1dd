import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { collectDueChats } from "./collect-due-chats.js";
import { askAgainForChats, collectPutOffChats, putOffChats } from "./uncollected-chats.js";

const SCAN_EVERY_MS = 3_600_000;
/** Bounds one statement. */
const COMMITS = 5_000;
const CHATS = 5_000;

/** What of a page is behind. */
interface Behind {
  chatIds: string[];
  /** Those that were put off: their turn comes by itself. */
  putOffIds: string[];
}

interface Cursor {
  xid: string;
  /** Everything before it has committed. */
  end: string;
  /** The database is another one than the cursor was made in (a restored dump counts its transactions anew). */
  foreign: boolean;
  scanDue: boolean;
}

const CURSOR = {
  name: "notification-cursor",
  text: `SELECT xid::text, pg_snapshot_xmin(pg_current_snapshot())::text AS end, xid > pg_snapshot_xmin(pg_current_snapshot()) AS foreign,
    scanned_at IS NULL OR scanned_at < coalesce($1::timestamptz, now()) - $2::interval AS "scanDue"
    FROM notification_cursor WHERE id = 1`,
};

/**
 * Collects what no job did: the chats in the log of commits since the last time, all chats every hour or when told, and those that were
 * put off. Returns how many notifications came of it. Throws database_unavailable.
 */
export async function collectMissed(engine: Engine, input: { full?: boolean; now?: Date }): Promise<number> {
  const { rows } = await guardDatabase(() =>
    engine.database.pool.query<Cursor>({
      ...CURSOR,
      values: [input.now ?? null, `${SCAN_EVERY_MS} milliseconds`],
    }),
  );
  const cursor = rows[0];
  if (cursor === undefined) throw new Error("The table notification_cursor has lost its row.");
  const isFull = input.full === true || cursor.scanDue || cursor.foreign;
  const inLog = await collectLogged(engine, { cursor, now: input.now });
  const inScan = isFull ? await collectAll(engine, input.now) : 0;
  // Last, because each of them may take its time.
  return inLog + inScan + (await collectPutOffChats(engine, { now: input.now }));
}

const PUT_OFF =
  "CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM uncollected_chats x WHERE x.chat_id = c.id) AS put_off) o";
const BEHIND = `ARRAY(SELECT id FROM behind WHERE NOT put_off) AS "chatIds", ARRAY(SELECT id FROM behind WHERE put_off) AS "putOffIds"`;

const LOGGED = {
  name: "notification-log-page",
  // Those of the page that are behind; a transaction that is still open is behind the end and comes with the next sweep.
  text: `WITH page AS MATERIALIZED (SELECT xid, chat_ids FROM commits WHERE xid >= $1::xid8 ORDER BY xid LIMIT $2::int),
    behind AS MATERIALIZED (
      SELECT DISTINCT c.id, put_off FROM page p CROSS JOIN unnest(p.chat_ids) AS u(id) CROSS JOIN LATERAL (SELECT * FROM chats WHERE id = u.id OFFSET 0) c ${PUT_OFF}
      WHERE c.notified_seq < c.last_seq
    )
    SELECT (SELECT count(*) FROM page) AS size, (SELECT page.xid::text FROM page ORDER BY page.xid DESC LIMIT 1) AS last, ${BEHIND}`,
};

const NOTHING = { size: 0, last: null, chatIds: [], putOffIds: [] };

async function collectLogged(
  engine: Engine,
  { cursor, now }: { cursor: Cursor; now: Date | undefined },
): Promise<number> {
  let from = cursor.foreign ? "0" : cursor.xid;
  let count = 0;
  for (;;) {
    const values = [from, COMMITS];
    const { rows } = await guardDatabase(() =>
      engine.database.pool.query<Behind & { size: number; last: string | null }>({ ...LOGGED, values }),
    );
    const { size, last, ...behind } = rows[0] ?? NOTHING;
    count += await collectPage(engine, { behind, now });
    const isLast = size < COMMITS || last === null || BigInt(last) >= BigInt(cursor.end);
    await moveCursor(engine, { to: isLast ? cursor.end : last, foreign: cursor.foreign });
    if (isLast) return count;
    from = last;
  }
}

async function moveCursor(engine: Engine, { to, foreign }: { to: string; foreign: boolean }): Promise<void> {
  const text =
    "UPDATE notification_cursor SET xid = $1::xid8 WHERE id = 1 AND (xid < $1::xid8 OR $2::boolean)";
  await guardDatabase(() => engine.database.pool.query(text, [to, foreign]));
}

/** What can't be collected is put off, so that the cursor can go on. */
async function collectPage(
  engine: Engine,
  { behind, now }: { behind: Behind; now: Date | undefined },
): Promise<number> {
  const { chatIds, putOffIds } = behind;
  await askAgainForChats(engine, { chatIds: putOffIds, now });
  const collected = await collectDueChats(engine, { chatIds, ...(now && { now }) });
  await putOffChats(engine, { chatIds: [...collected.heldChatIds, ...collected.slowChatIds], now });
  return collected.notificationIds.length;
}

const SCAN = {
  name: "notification-scan",
  text: `WITH page AS MATERIALIZED (SELECT id, notified_seq < last_seq AS is_behind FROM chats WHERE id > $1::uuid ORDER BY id LIMIT $2::int),
    behind AS MATERIALIZED (SELECT c.id, put_off FROM page c ${PUT_OFF} WHERE is_behind)
    SELECT (SELECT id FROM page ORDER BY id DESC LIMIT 1) AS last, ${BEHIND}`,
};

async function collectAll(engine: Engine, now: Date | undefined): Promise<number> {
  const { pool } = engine.database;
  let after = "00000000-0000-0000-0000-000000000000";
  let count = 0;
  for (;;) {
    const values = [after, CHATS];
    const { rows } = await guardDatabase(() =>
      pool.query<Behind & { last: string | null }>({ ...SCAN, values }),
    );
    const { last, ...behind } = rows[0] ?? NOTHING;
    if (last === null) break;
    count += await collectPage(engine, { behind, now });
    after = last;
  }
  const text = "UPDATE notification_cursor SET scanned_at = coalesce($1::timestamptz, now()) WHERE id = 1";
  await guardDatabase(() => pool.query(text, [now ?? null]));
  return count;
}
