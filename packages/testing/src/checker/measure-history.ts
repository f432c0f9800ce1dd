import type { ClientKind } from "./client-kinds.js";
import { groupBy } from "./group-by.js";
import type { Outcome } from "./history-entry.js";
import type { HistoryIndex } from "./history-index.js";
import type { OwedMessage } from "./owed-messages.js";

/** What a run was like, besides what it promised. */
export interface HistoryFigures {
  /** Different messages that were sent, those of them that were acknowledged, and attempts that were refused. */
  sends: number;
  acks: number;
  refusals: number;
  shown: number;
  /** Messages that reached users by themselves, by what they connect with. */
  live: Partial<Record<ClientKind, number>>;
  connections: number;
  /** The longest time from an acknowledgement until a connected member was shown the message. */
  longestGapMs: number;
  /** The longest time that a client was without a live connection. */
  longestSilenceMs: number;
  /** The longest time from the first attempt of a send until its acknowledgement. */
  longestAckMs: number;
}

/** Counts and times of a history. */
export function measureHistory(index: HistoryIndex, owed: readonly OwedMessage[]): HistoryFigures {
  const sends = [...index.sends.values()];
  return {
    sends: sends.length,
    acks: sends.filter(({ ackedAt }) => ackedAt !== undefined).length,
    refusals: sends.flatMap(({ attempts }) => attempts).filter(({ outcome }) => isRefusal(outcome)).length,
    shown: index.received.length,
    live: countLive(index),
    connections: index.connections.length,
    longestGapMs: longest(owed.map(gapOf)),
    longestSilenceMs: longestSilence(index),
    longestAckMs: longestAck(index),
  };
}

function countLive({ connections, kinds }: HistoryIndex): HistoryFigures["live"] {
  const counts: HistoryFigures["live"] = {};
  for (const { user, live } of connections) {
    const kind = kinds.get(user);
    if (kind !== undefined) counts[kind] = (counts[kind] ?? 0) + live.length;
  }
  return counts;
}

/** Who does not read, or may not come in, is not told either that something is stored. */
function longestAck({ connections, sends }: HistoryIndex): number {
  const cutOff = connections.filter(({ revoked, aways }) => revoked || aways.some(({ wanted }) => wanted));
  const deaf = new Set(cutOff.map(({ user }) => user));
  return longest(
    [...sends.values()].map(({ user, ackedAt, attempts }) =>
      ackedAt === undefined || deaf.has(user) ? 0 : ackedAt - (attempts[0]?.invoke.at ?? 0),
    ),
  );
}

/** How long a connection that could show the message took; one that was away meanwhile says nothing about the server. */
function gapOf({ life, ackedAt, shownAt }: OwedMessage): number {
  if (ackedAt === undefined || shownAt === undefined) return 0;
  return life.aways.some(({ from, to }) => from < shownAt && to > ackedAt) ? 0 : shownAt - ackedAt;
}

/** An answer that says no, also one that can't say whether the send was stored. */
function isRefusal(outcome: Outcome | undefined): boolean {
  return (outcome?.type === "fail" || outcome?.type === "info") && outcome.code !== undefined;
}

function longestSilence({ connections }: HistoryIndex): number {
  const byUser = groupBy(connections, ({ user }) => user);
  const between = [...byUser.values()].flatMap((lives) =>
    lives.map(({ closedAt, revoked }, place) => {
      const next = lives[place + 1];
      return next === undefined || closedAt === undefined || revoked ? 0 : next.openedAt - closedAt;
    }),
  );
  const within = connections.flatMap(({ aways }) =>
    aways.map(({ from, to, wanted }) => (wanted || !Number.isFinite(to) ? 0 : to - from)),
  );
  return longest([...between, ...within]);
}

function longest(times: readonly number[]): number {
  return Math.round(times.reduce((most, time) => Math.max(most, time), 0));
}
