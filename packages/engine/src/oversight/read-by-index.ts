import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";

const BY_INDEX = `SELECT set_config('enable_bitmapscan', 'off', true), set_config('enable_sort', 'off', true)`;

/**
 * Reads rows in the order of an index and no further than asked. Lists over all chats or people end early only there: what collects rows first
 * and sorts them then, as the planner likes to do with tables that it takes for small, would read all of them. Planned anew each time: few ask.
 */
export async function readByIndex<Row extends object>(
  engine: Engine,
  statement: { text: string; values: readonly unknown[] },
): Promise<Row[]> {
  return guardDatabase(async () => {
    const client = await engine.database.pool.connect();
    let broken = true;
    try {
      await client.query("BEGIN READ ONLY");
      await client.query(BY_INDEX);
      const { rows } = await client.query<Row>(statement.text, [...statement.values]);
      await client.query("COMMIT");
      broken = false;
      return rows;
    } finally {
      // A connection in the middle of a transaction is of no use to anybody.
      client.release(broken);
    }
  });
}
