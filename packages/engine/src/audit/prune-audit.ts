import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";

const PAGE = 5_000;

export interface PruneInput {
  before: Date;
  /** Refused logins, of which a flood leaves many, or everything. */
  which: "refused_logins" | "all";
}

const FUNCTIONS = { refused_logins: "prune_refused_logins", all: "prune_audit_entries" } as const;

/** Forgets entries of the audit log from before a time, never younger ones than 30 days. Returns how many. Throws database_unavailable. */
export async function pruneAudit(engine: Engine, { before, which }: PruneInput): Promise<number> {
  const text = `SELECT ${FUNCTIONS[which]}($1, $2) AS count`;
  for (let pruned = 0; ; ) {
    const { rows } = await guardDatabase(() =>
      engine.database.pool.query<{ count: number }>(text, [before, PAGE]),
    );
    const count = rows[0]?.count ?? 0;
    pruned += count;
    if (count < PAGE) return pruned;
  }
}
