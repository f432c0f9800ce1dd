import type { Engine } from "../engine.js";

export interface HandOverInput {
  /** Notifications to push now. */
  due?: readonly string[];
  /** Notifications to decide later. */
  waiting?: ReadonlyArray<{ id: string; until: Date }>;
  /** Notifications of which deliveries are to be tried again. */
  retries?: ReadonlyArray<{ id: string; at: Date }>;
  /** Those of them that are part of a campaign: they must not stand before a message. */
  bulk?: ReadonlySet<string>;
}

const NONE: ReadonlySet<string> = new Set();

const DUE_SLICE = 100;
const DECIDE_SLICE = 200;
/** What lies further ahead is left to the sweeper, so that a night's notifications don't fill the queue. */
const LONGEST_DELAY_MS = 60_000;
/** What is due about the same time shares a job. */
const GRAIN_MS = 100;

/** Asks for the jobs that come next. What is lost here, the sweeper finds. */
export function handOver(engine: Engine, input: HandOverInput): void {
  const { due = [], waiting = [], retries = [], bulk = NONE } = input;
  const now = engine.clock().getTime();
  enqueueDeliveries(engine, due, { bulk });
  const later = waiting.map(({ id, until }) => ({ id, delayMs: until.getTime() - now }));
  for (const [delayMs, ids] of byDelay(later)) enqueueDecisions(engine, ids, { delayMs });
  const again = retries.map(({ id, at }) => ({ id, delayMs: at.getTime() - now }));
  for (const [delayMs, ids] of byDelay(again)) enqueueDeliveries(engine, ids, { delayMs, bulk });
}

/** Asks for the decision about new notifications. */
export function enqueueDecisions(
  engine: Engine,
  ids: readonly string[],
  options?: { delayMs: number },
): void {
  for (const notificationIds of slices(ids, DECIDE_SLICE)) {
    engine.enqueue("notifications.decide", { notificationIds }, options);
  }
}

function enqueueDeliveries(
  engine: Engine,
  ids: readonly string[],
  { delayMs, bulk }: { delayMs?: number; bulk: ReadonlySet<string> },
): void {
  for (const isBulk of [false, true]) {
    const those = ids.filter((id) => bulk.has(id) === isBulk);
    const options = { ...(delayMs !== undefined && { delayMs }), ...(isBulk && { bulk: true }) };
    for (const notificationIds of slices(those, DUE_SLICE)) {
      engine.enqueue("push.deliver", { notificationIds }, options);
    }
  }
}

function byDelay(entries: ReadonlyArray<{ id: string; delayMs: number }>): Map<number, string[]> {
  const groups = new Map<number, string[]>();
  for (const { id, delayMs } of entries) {
    if (delayMs > LONGEST_DELAY_MS) continue;
    const grain = Math.max(1, Math.ceil(delayMs / GRAIN_MS)) * GRAIN_MS;
    const group = groups.get(grain);
    if (group === undefined) groups.set(grain, [id]);
    else group.push(id);
  }
  return groups;
}

function* slices(ids: readonly string[], size: number): Generator<string[]> {
  for (let from = 0; from < ids.length; from += size) yield ids.slice(from, from + size);
}
