import { CAMPAIGN_RUNS } from "../campaigns/campaign-runs.js";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { collectMissed } from "./collect-missed.js";
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
/** Bounds one statement. */
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
