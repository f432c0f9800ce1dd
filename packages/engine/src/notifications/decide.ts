import type { NotificationReason } from "@parley/contracts";
import type { PushRules } from "./push-rules.js";

/** Everything that a decision depends on. */
export interface PushFacts {
  now: Date;
  createdAt: Date;
  /** When the newest thing that it tells of happened. */
  newestAt: Date;
  /** Passes quiet hours and the rate; nothing else. */
  critical: boolean;
  /** null: it is not about a chat. */
  chat: null | {
    isMember: boolean;
    mutedUntil: Date | null;
  };
  /** null: it is not about messages. */
  messages: null | {
    /** Read up to the last of them. */
    read: boolean;
    deleted: boolean;
  };
  categoryWanted: boolean;
  mutedUntil: Date | null;
  hasSubscription: boolean;
  presence: {
    status: "online" | "away" | "offline";
    /** When the node on which they look at the chat last proved that it lives. */
    viewingSince: Date | null;
  };
  /** How often it has waited for such a proof. */
  waits: number;
  /** When the quiet hours that it falls into end; null: it falls into none. */
  quietUntil: Date | null;
  /** Pushes of the last minute. */
  recentPushes: number;
  /** When the first of them were decided, as far as that is known; oldest first. */
  oldestPushes: readonly Date[];
  /** Others whose turn comes before, when there is room for a push again. */
  ahead: number;
}

export type Decision =
  | { kind: "push" }
  | { kind: "wait"; reason: NotificationReason; until: Date; waits: number }
  | { kind: "suppress"; reason: NotificationReason };

const MINUTE_MS = 60_000;

/** null: the rule has nothing to say. */
type Rule = (facts: PushFacts, rules: PushRules) => Decision | null;

/**
 * Whether to push, in the order of the rules: the first that has something to say decides. First what makes a push wrong, then what
 * the person has set, then what they are doing, and last what can only delay it or costs too many at once.
 */
const RULES: readonly Rule[] = [
  ({ chat }) => suppressIf(chat?.isMember === false, "not_member"),
  ({ messages }) => suppressIf(messages?.deleted === true, "message_deleted"),
  ({ messages }) => suppressIf(messages?.read === true, "read"),
  ({ now, createdAt }, { maxAgeMs }) => suppressIf(now >= after(createdAt, maxAgeMs), "too_old"),
  ({ categoryWanted }) => suppressIf(!categoryWanted, "category_off"),
  ({ now, chat }) => suppressIf(isAfter(chat?.mutedUntil, now), "chat_muted"),
  ({ now, mutedUntil }) => suppressIf(isAfter(mutedUntil, now), "muted"),
  decideViewing,
  ({ hasSubscription }) => suppressIf(!hasSubscription, "no_subscription"),
  ({ quietUntil, critical, waits }) =>
    critical ? null : waitUntil(quietUntil, { reason: "quiet_hours", waits }),
  decideOtherDevice,
  decideRate,
];

/** Decides about one notification. Pure: the same facts, the same decision. */
export function decide(facts: PushFacts, rules: PushRules): Decision {
  for (const rule of RULES) {
    const decision = rule(facts, rules);
    if (decision !== null) return decision;
  }
  return { kind: "push" };
}

/**
 * A node that has renewed its lease since the message lives, and so has put the message on the screen. An open chat in front of which
 * nobody sits (away) is not looked at.
 */
function decideViewing(facts: PushFacts, rules: PushRules): Decision | null {
  const { presence, newestAt, now, waits } = facts;
  if (presence.viewingSince === null || presence.status !== "online") return null;
  if (presence.viewingSince > newestAt) return { kind: "suppress", reason: "viewing" };
  if (waits >= rules.viewingWaits) return null;
  return { kind: "wait", reason: "viewing", until: after(now, rules.viewingWaitMs), waits: waits + 1 };
}

/** Somebody active reads it where they are, or has not after a moment. */
function decideOtherDevice(facts: PushFacts, rules: PushRules): Decision | null {
  const { presence, createdAt, now, waits } = facts;
  const until = after(createdAt, rules.delayMs);
  if (presence.status !== "online" || now >= until) return null;
  return { kind: "wait", reason: "other_device", until, waits };
}

/**
 * One person's flood must not cost the others theirs: who has no room in the minute waits for it, and what comes later to the same chat
 * joins. Room is kept for those whose turn is before.
 */
function decideRate(facts: PushFacts, { perMinute, maxAgeMs }: PushRules): Decision | null {
  const { critical, recentPushes, oldestPushes, ahead, createdAt, now, waits } = facts;
  const lacking = recentPushes + ahead - perMinute;
  if (critical || lacking < 0) return null;
  // There is room when the push before which so many others were has become a minute old; or after as many minutes as the others fill.
  const makesRoom = oldestPushes[lacking];
  const minutes = 1 + Math.floor(Math.max(0, lacking - recentPushes) / perMinute);
  const until = makesRoom === undefined ? after(now, minutes * MINUTE_MS) : after(makesRoom, MINUTE_MS);
  if (until >= after(createdAt, maxAgeMs)) return { kind: "suppress", reason: "rate_limited" };
  return { kind: "wait", reason: "rate_limited", until, waits };
}

function suppressIf(applies: boolean, reason: NotificationReason): Decision | null {
  return applies ? { kind: "suppress", reason } : null;
}

function waitUntil(until: Date | null, why: { reason: NotificationReason; waits: number }): Decision | null {
  return until === null ? null : { kind: "wait", until, ...why };
}

function isAfter(time: Date | null | undefined, now: Date): boolean {
  return time != null && time > now;
}

function after(time: Date, ms: number): Date {
  return new Date(time.getTime() + ms);
}
