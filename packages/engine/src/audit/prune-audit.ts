import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";

const PAGE = 5_000;

/** Forgets entries of the audit log from before a time, never younger ones than 30 days. Returns how many. Throws database_unavailable. */
export async function pruneAudit(engine: Engine, { before }: { before: Date }): Promise<number> {
  for (let pruned = 0; ; ) {
    const { rows } = await guardDatabase(() =>
      engine.database.pool.query<{ count: number }>("SELECT prune_audit_entries($1, $2) AS count", [
        before,
        PAGE,
      ]),
    );
    const count = rows[0]?.count ?? 0;
    pruned += count;
    if (count < PAGE) return pruned;
  }
}
