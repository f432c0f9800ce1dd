import { NOTIFICATION_CATEGORIES, type NotificationReason } from "@parley/contracts";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { type Decision, decide, type PushFacts } from "./decide.js";
import type { PresenceAnswer } from "./presence-port.js";
import { PUSH_RULES, type PushRules } from "./push-rules.js";
import { quietUntil } from "./quiet-hours.js";
import { readPushFacts, type StoredFacts, type Undecided } from "./read-push-facts.js";
import { STANDARD_PREFERENCES } from "./standard-preferences.js";
import { UNLISTED_REASONS } from "./unlisted-reasons.js";

export interface DecideInput {
  /** These notifications (as far as their time has come), or up to so many whose time has come. */
  which: Undecided;
  rules?: Partial<PushRules>;
  /** The database's clock when left out. */
  now?: Date;
}

/** What was decided, and stored. */
export interface Decided {
  /** To be pushed: they are due. */
  due: string[];
  /** Those of them that are part of a campaign. */
  bulk: Set<string>;
  waiting: Array<{ id: string; until: Date; reason: NotificationReason }>;
  suppressed: Array<{ id: string; reason: NotificationReason }>;
  /** Decided ones that belong into the person's list, where the person may be connected. */
  live: string[];
  /** Changed while they were decided; they are still open, and their time has still come. */
  stale: string[];
}

/** Notifications of one statement. */
const SLICE = 500;
const TRIES = 3;

/**
 * Decides which notifications are pushed, later or not at all, and keeps why. Safe to run by several at once: each notification is
 * decided once, by the facts that held when its decision was stored. Throws database_unavailable.
 */
export async function decideNotifications(engine: Engine, input: DecideInput): Promise<Decided> {
  const decided: Decided = {
    due: [],
    bulk: new Set(),
    waiting: [],
    suppressed: [],
    live: [],
    stale: [],
  };
  for (const which of slicesOf(input.which)) {
    let stale = await decideSlice(engine, { ...input, which }, decided);
    for (let attempt = 1; attempt < TRIES && stale.length > 0; attempt++) {
      stale = await decideSlice(engine, { ...input, which: { notificationIds: stale } }, decided);
    }
    decided.stale.push(...stale);
  }
  return decided;
}

function slicesOf(which: Undecided): Undecided[] {
  if ("limit" in which) return [{ limit: Math.min(which.limit, SLICE) }];
  const slices: Undecided[] = [];
  for (let from = 0; from < which.notificationIds.length; from += SLICE) {
    slices.push({ notificationIds: which.notificationIds.slice(from, from + SLICE) });
  }
  return slices;
}

/** Adds to what is decided; returns what was not, because it changed meanwhile. */
async function decideSlice(engine: Engine, input: DecideInput, decided: Decided): Promise<string[]> {
  const rows = (await readPushFacts(engine, input)).sort(byTurn);
  if (rows.length === 0) return [];
  const presences = await readPresences(engine, rows);
  const rules = { ...PUSH_RULES, ...input.rules };
  const turns = new Map<string, number>();
  const outcomes = rows.map((row, place) => {
    const presence = presences[place] ?? null;
    const more = turns.get(row.userId) ?? 0;
    const decision = decide(factsOf(row, { presence, more }), rules);
    turns.set(row.userId, more + Number(takesTurn(decision)) - Number(row.wasLimited));
    return { row, decision, presence };
  });
  const stored = await storeDecisions(engine, outcomes);
  for (const { row, decision, presence } of outcomes) {
    if (!stored.has(row.id)) continue;
    note(decided, { id: row.id, decision });
    if (row.isBulk && decision.kind === "push") decided.bulk.add(row.id);
    if (isListed(decision) && presence?.status !== "offline") decided.live.push(row.id);
  }
  return rows.flatMap(({ id }) => (stored.has(id) ? [] : [id]));
}

/** What people said comes before campaigns, and then the oldest first: the order in which a minute's pushes are given away. */
function byTurn(left: StoredFacts, right: StoredFacts): number {
  return (
    Number(left.isBulk) - Number(right.isBulk) ||
    left.createdAt.getTime() - right.createdAt.getTime() ||
    (left.id < right.id ? -1 : 1)
  );
}

/** Whether those after it have one place less in the minute: it is pushed, or waits for the place. */
function takesTurn(decision: Decision): boolean {
  return decision.kind === "push" || (decision.kind === "wait" && decision.reason === "rate_limited");
}

/** Nobody's push waits for presence: where it is not known, people are taken for absent, which is one push too many at worst. */
async function readPresences(engine: Engine, rows: StoredFacts[]): Promise<Array<PresenceAnswer | null>> {
  try {
    return await engine.presence(rows.map(({ userId, chatId }) => ({ userId, chatId })));
  } catch (error) {
    engine.log.warn({ err: error }, "Presence can't be read; pushes are decided without it");
    return [];
  }
}

/** `more`: turns that were taken before it since the facts were read, less those that were given back. */
function factsOf(row: StoredFacts, seen: { presence: PresenceAnswer | null; more: number }): PushFacts {
  const { now, createdAt, newestAt, critical, mutedUntil, hasSubscription, waits } = row;
  const { presence, more } = seen;
  const renewedMsAgo = presence?.viewingRenewedMsAgo ?? null;
  return {
    now,
    createdAt,
    newestAt,
    critical,
    waits,
    mutedUntil,
    hasSubscription,
    chat: row.chatId === null ? null : { isMember: row.isMember, mutedUntil: row.chatMutedUntil },
    messages:
      row.messageCount === 0
        ? null
        : { read: (row.readSeq ?? 0) >= (row.toSeq ?? 0), deleted: !row.hasMessage },
    categoryWanted: row.wanted ?? standardOf(row.category),
    presence: {
      status: presence?.status ?? "offline",
      viewingSince: renewedMsAgo === null ? null : new Date(now.getTime() - renewedMsAgo),
    },
    quietUntil: quietEnd(row),
    recentPushes: row.recentPushes,
    oldestPushes: row.oldestPushes,
    ahead: row.ahead + more,
  };
}

function isListed(decision: Decision): boolean {
  return decision.kind === "push" || (decision.kind === "suppress" && !UNLISTED_REASONS.has(decision.reason));
}

function standardOf(category: string): boolean {
  const known = NOTIFICATION_CATEGORIES.find((name) => name === category);
  return known === undefined || STANDARD_PREFERENCES[known];
}

function quietEnd({ now, quietFrom, quietTo, timeZone }: StoredFacts): Date | null {
  if (quietFrom === null || quietTo === null || timeZone === null) return null;
  try {
    return quietUntil(now, { from: quietFrom, to: quietTo, timeZone });
  } catch {
    // A time zone that only the node which stored it knows.
    return null;
  }
}

const STORE = {
  name: "store-decisions",
  text: "SELECT id FROM store_decisions($1, $2, $3, $4, $5, $6, $7) AS id",
};

const STATES = { push: "due", wait: "waiting", suppress: "suppressed" } as const satisfies Record<
  Decision["kind"],
  string
>;

async function storeDecisions(
  engine: Engine,
  outcomes: Array<{ row: StoredFacts; decision: Decision }>,
): Promise<Set<string>> {
  const values = [
    outcomes.map(({ row }) => row.id),
    outcomes.map(({ row }) => row.toSeq),
    outcomes.map(({ decision }) => STATES[decision.kind]),
    outcomes.map(({ decision }) => (decision.kind === "push" ? null : decision.reason)),
    outcomes.map(({ row, decision }) => (decision.kind === "wait" ? decision.until : row.now)),
    outcomes.map(({ row, decision }) => (decision.kind === "wait" ? decision.waits : row.waits)),
    outcomes.map(({ row }) => row.now),
  ];
  const { rows } = await guardDatabase(() =>
    engine.database.pool.query<{ id: string }>({ ...STORE, values }),
  );
  return new Set(rows.map(({ id }) => id));
}

function note(decided: Decided, { id, decision }: { id: string; decision: Decision }): void {
  switch (decision.kind) {
    case "push":
      decided.due.push(id);
      return;
    case "wait":
      decided.waiting.push({ id, until: decision.until, reason: decision.reason });
      return;
    case "suppress":
      decided.suppressed.push({ id, reason: decision.reason });
      return;
  }
}
