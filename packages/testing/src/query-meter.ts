import type { Engine } from "@parley/engine";

/** What a piece of work asked of the database. */
export interface QueryCost {
  /** Rows that were read, by table: those that a scan looked at, not those that came out. */
  rows: Record<string, number>;
  /** Statements that were sent, BEGIN and COMMIT included. */
  statements: number;
}

const FLUSH = "SELECT pg_stat_force_next_flush()";

// Entries of an index count, too: where they alone answer, the table is not read.
const ROWS = `
  SELECT t.relname AS name, (t.seq_tup_read + greatest(coalesce(t.idx_tup_fetch, 0), coalesce(sum(i.idx_tup_read), 0)))::int AS count
  FROM pg_stat_user_tables t LEFT JOIN pg_stat_user_indexes i USING (relid) GROUP BY t.relid, t.relname, t.seq_tup_read, t.idx_tup_fetch`;

/**
 * Counts what an engine's work costs in its database, which nobody else may use meanwhile. The engine must have one connection (`poolSize: 1`), so
 * that all statements run with the plans which that connection has made before.
 */
export async function measureQueries(engine: Engine, work: () => Promise<unknown>): Promise<QueryCost> {
  const before = await readRows(engine);
  const sentBefore = engine.database.counts.statements;
  await work();
  const statements = engine.database.counts.statements - sentBefore;
  const after = await readRows(engine);
  const read = [...after].map(([name, count]) => [name, count - (before.get(name) ?? 0)] as const);
  return { rows: Object.fromEntries(read.filter(([, count]) => count > 0)), statements };
}

/** A connection tells its counts when it is asked to, and only between transactions. */
async function readRows(engine: Engine): Promise<Map<string, number>> {
  const { pool, writerPool } = engine.database;
  for (const one of [pool, writerPool]) await one.query(FLUSH);
  const { rows } = await pool.query<{ name: string; count: number }>(ROWS);
  return new Map(rows.map(({ name, count }) => [name, count]));
}
