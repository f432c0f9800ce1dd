import type { Operation } from "./operation.js";

/** One stay of a user in a chat. What was only attempted may or may not have happened, hence four times. */
export interface Membership {
  /** Not a member before this. */
  joinAskedAt: number;
  /** A member from this on; infinite when nobody knows. */
  joinedAt: number;
  /** Still a member before this. */
  leaveAskedAt: number;
  /** No longer a member from this on. */
  leftAt: number;
}

/** The stays of everybody in every chat, from the operations that brought them in and out. */
export function membershipsOf(operations: readonly Operation[]): Map<string, Membership[]> {
  const stays = new Map<string, Membership[]>();
  for (const { invoke, outcome } of operations) {
    if ((invoke.f !== "join" && invoke.f !== "leave") || invoke.about === undefined) continue;
    if (outcome?.type === "fail") continue;
    const key = `${invoke.chat} ${invoke.about}`;
    const known = stays.get(key) ?? [];
    stays.set(key, known);
    const sureAt = outcome?.type === "ok" ? outcome.at : Number.POSITIVE_INFINITY;
    if (invoke.f === "join") join(known, { askedAt: invoke.at, sureAt });
    else leave(known, { askedAt: invoke.at, sureAt });
  }
  return stays;
}

function join(stays: Membership[], { askedAt, sureAt }: { askedAt: number; sureAt: number }): void {
  const last = stays.at(-1);
  const inside = last !== undefined && last.leaveAskedAt === Number.POSITIVE_INFINITY;
  if (inside) last.joinedAt = Math.min(last.joinedAt, sureAt);
  else {
    const { POSITIVE_INFINITY: never } = Number;
    stays.push({ joinAskedAt: askedAt, joinedAt: sureAt, leaveAskedAt: never, leftAt: never });
  }
}

function leave(stays: Membership[], { askedAt, sureAt }: { askedAt: number; sureAt: number }): void {
  const last = stays.at(-1);
  if (last === undefined) return;
  last.leaveAskedAt = Math.min(last.leaveAskedAt, askedAt);
  last.leftAt = Math.min(last.leftAt, sureAt);
}
