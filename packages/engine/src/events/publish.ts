import type { Change, PrivateRead, Signal } from "@parley/contracts";
import type { EnginePorts } from "../engine.js";

/**
 * The only place that emits. Called after the commit, never before it and never inside a transaction: what leaves here
 * is true for good. Losing it is allowed (Postgres has it), delivering it twice is not harmful (it has its revision).
 */
export function publishChanges(ports: EnginePorts, changes: Change[]): void {
  ports.publish({ changes, signals: [] });
}

/** Positions that moved; those of private readers are for the readers' own connections. */
export function publishPositions(
  ports: EnginePorts,
  news: { changes: Change[]; privateReads: PrivateRead[] },
): void {
  const { changes, privateReads } = news;
  ports.publish({ changes, signals: [], ...(privateReads.length === 0 ? {} : { privateReads }) });
}

/** That the access of users has changed; what it is now, each node reads for itself. */
export function publishAccess(ports: EnginePorts, userIds: string[]): void {
  ports.publish({ changes: [], signals: [], access: userIds });
}

/** Passing news: typing, presence, who opened a chat. Nothing is stored and nothing is caught up. */
export function publishSignals(ports: EnginePorts, signals: Signal[]): void {
  ports.publish({ changes: [], signals });
}
