import { CAMPAIGN_RUNS } from "../campaigns/campaign-runs.js";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { collectDueChats } from "./collect-due-chats.js";
import type { Decided } from "./decide-notifications.js";
import { dispatchNotifications } from "./dispatch-notifications.js";
import { handOver } from "./hand-over.js";
import type { PushRules } from "./push-rules.js";

export interface SweepInput {
  /** Looks at every chat, as it does by itself every hour. */
  full?: boolean;
  rules?: Partial<PushRules>;
  /** Told what has been decided, as it is. */
  onDecided?: (decided: Decided) => void;
  /** How long the fast path may take before the sweeper steps in for a push. */
  graceMs?: number;
  /** The database's clock when left out. */
  now?: Date;
}

/** What no job had done. */
export interface Swept {
  collected: number;
  decided: number;
  /** Handed to the delivery job. */
  due: number;
}

const GRACE_MS = 15_000;
const SCAN_EVERY_MS = 3_600_000;
/** Bounds one statement. */
const COMMITS = 5_000;
const CHATS = 5_000;
const DECISIONS = 500;
/** Bounds one sweep; the next one goes on. */
const DECISION_PAGES = 200;
const DUE = 5_000;

/**
 * Finds what no job did, because Redis was away or a worker died: chats with news (by the log of commits since the last sweep, every hour
 * by looking at all), notifications whose time has come, and due ones that nobody delivers. Every step is taken, whatever becomes of the
 * others; then the first failure is thrown. Throws database_unavailable.
 */
export async function sweepNotifications(engine: Engine, input: SweepInput = {}): Promise<Swept> {
  const swept: Swept = { collected: 0, decided: 0, due: 0 };
  const steps = [
    async () => {
      swept.collected = await collectMissed(engine, input);
    },
    async () => {
      swept.decided = await decideDue(engine, input);
    },
    async () => {
      swept.due = await handOverForgotten(engine, input);
    },
    () => countHours(engine, input.now),
  ];
  // One that fails sweep after sweep must not keep the others from their work.
  const failures: unknown[] = [];
  for (const step of steps) await step().catch((error: unknown) => failures.push(error));
  const [first, ...others] = failures;
  for (const error of others) engine.log.warn({ err: error }, "A further step of the sweep has failed");
  if (failures.length > 0) throw first;
  return swept;
}

async function decideDue(engine: Engine, { rules, now, onDecided }: SweepInput): Promise<number> {
  let decided = 0;
  for (let page = 0; page < DECISION_PAGES; page++) {
    const found = await dispatchNotifications(engine, {
      which: { limit: DECISIONS },
      ...(rules && { rules }),
      ...(now && { now }),
    });
    onDecided?.(found);
    const count = found.due.length + found.waiting.length + found.suppressed.length;
    decided += count;
    if (count === 0 || count + found.stale.length < DECISIONS) break;
  }
  return decided;
}

/** With nothing in between: what is taken is stamped, and comes up again only after the time of grace. */
async function handOverForgotten(engine: Engine, input: SweepInput): Promise<number> {
  const due = await takeForgotten(engine, input);
  const bulk = new Set(due.flatMap(({ id, isBulk }) => (isBulk ? [id] : [])));
  handOver(engine, { due: due.map(({ id }) => id), bulk });
  return due.length;
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

async function collectMissed(engine: Engine, input: SweepInput): Promise<number> {
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
  return inLog + (isFull ? await collectAll(engine, input.now) : 0);
}

const LOGGED = {
  name: "notification-log-page",
  // Those of the page that are behind; a transaction that is still open is behind the end and comes with the next sweep.
  text: `WITH page AS MATERIALIZED (SELECT xid, chat_ids FROM commits WHERE xid >= $1::xid8 ORDER BY xid LIMIT $2::int)
    SELECT (SELECT count(*) FROM page) AS size, (SELECT page.xid::text FROM page ORDER BY page.xid DESC LIMIT 1) AS last,
      ARRAY(SELECT DISTINCT c.id FROM page p CROSS JOIN unnest(p.chat_ids) AS u(id) JOIN chats c ON c.id = u.id
        WHERE c.notified_seq < c.last_seq) AS "chatIds"`,
};

async function collectLogged(
  engine: Engine,
  { cursor, now }: { cursor: Cursor; now: Date | undefined },
): Promise<number> {
  let from = cursor.foreign ? "0" : cursor.xid;
  let count = 0;
  for (;;) {
    const values = [from, COMMITS];
    const { rows } = await guardDatabase(() =>
      engine.database.pool.query<{ size: number; last: string | null; chatIds: string[] }>({
        ...LOGGED,
        values,
      }),
    );
    const { size = 0, last = null, chatIds = [] } = rows[0] ?? {};
    const collected = await collectDueChats(engine, { chatIds, ...(now && { now }) });
    count += collected.notificationIds.length;
    // What somebody holds must be found again.
    if (collected.heldChatIds.length + collected.slowChatIds.length > 0) return count;
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

const SCAN = {
  name: "notification-scan",
  text: `WITH page AS MATERIALIZED (SELECT id, notified_seq < last_seq AS behind FROM chats WHERE id > $1::uuid ORDER BY id LIMIT $2::int)
    SELECT (SELECT id FROM page ORDER BY id DESC LIMIT 1) AS last, ARRAY(SELECT id FROM page WHERE behind) AS "chatIds"`,
};

async function collectAll(engine: Engine, now: Date | undefined): Promise<number> {
  let after = "00000000-0000-0000-0000-000000000000";
  let [count, held] = [0, 0];
  for (;;) {
    const values = [after, CHATS];
    const { rows } = await guardDatabase(() =>
      engine.database.pool.query<{ last: string | null; chatIds: string[] }>({ ...SCAN, values }),
    );
    const { last = null, chatIds = [] } = rows[0] ?? {};
    if (last === null) break;
    const collected = await collectDueChats(engine, { chatIds, ...(now && { now }) });
    count += collected.notificationIds.length;
    held += collected.heldChatIds.length + collected.slowChatIds.length;
    after = last;
  }
  if (held === 0) {
    const text = "UPDATE notification_cursor SET scanned_at = coalesce($1::timestamptz, now()) WHERE id = 1";
    await guardDatabase(() => engine.database.pool.query(text, [now ?? null]));
  }
  return count;
}

const FORGOTTEN = {
  name: "take-forgotten-notifications",
  // Stamped anew, so that a queue with a backlog is not asked for the same again with every sweep.
  text: `UPDATE notifications n SET due_at = t.now
    FROM (SELECT coalesce($1::timestamptz, statement_timestamp()) AS now) t
    WHERE n.id IN (
      SELECT id FROM notifications n WHERE state = 'due' AND due_at <= coalesce($1::timestamptz, statement_timestamp()) - $2::interval
        AND ${CAMPAIGN_RUNS}
      ORDER BY due_at LIMIT $3::int FOR UPDATE SKIP LOCKED
    ) RETURNING n.id, n.campaign_id IS NOT NULL AS "isBulk"`,
};

async function takeForgotten(
  engine: Engine,
  { now, graceMs = GRACE_MS }: SweepInput,
): Promise<Array<{ id: string; isBulk: boolean }>> {
  const values = [now ?? null, `${graceMs} milliseconds`, DUE];
  const { rows } = await guardDatabase(() =>
    engine.database.pool.query<{ id: string; isBulk: boolean }>({ ...FORGOTTEN, values }),
  );
  return rows;
}

/** Bounds one sweep after a long standstill. */
const HOURS = 48;

/** Counts the notifications of the hours that are over, for the statistics. */
async function countHours(engine: Engine, now: Date | undefined): Promise<void> {
  const query = { name: "count-notifications", text: "SELECT count_notifications($1, $2)" };
  await guardDatabase(() => engine.database.pool.query({ ...query, values: [now ?? null, HOURS] }));
}
