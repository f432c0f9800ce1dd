import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";

const ROLL_UP = {
  name: "roll-up-engagement",
  text: "SELECT counted, more FROM roll_up_engagement($1::int)",
};

/**
 * Counts the next messages, each once, however often and in how many processes it runs. `more`: there are further ones that may be counted
 * already. Throws database_unavailable.
 */
export async function rollUpEngagement(
  engine: Engine,
  { limit }: { limit: number },
): Promise<{ counted: number; more: boolean }> {
  const { rows } = await guardDatabase(() =>
    engine.database.pool.query<{ counted: number; more: boolean }>({ ...ROLL_UP, values: [limit] }),
  );
  return rows[0] ?? { counted: 0, more: false };
}
