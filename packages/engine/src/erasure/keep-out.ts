import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { publishAccess } from "../events/publish.js";

const KEEP_OUT = `WITH before AS (SELECT blocked FROM user_access WHERE user_id = $1), changed AS (
    INSERT INTO user_access (user_id, blocked, revoked_before) VALUES ($1, true, clock_timestamp())
    ON CONFLICT (user_id) DO UPDATE SET blocked = true, revoked_before = clock_timestamp(), changed_xid = pg_current_xact_id()
  )
  SELECT coalesce((SELECT blocked FROM before), false) AS "wasBlocked"`;

/** Lets nobody in under an id, and ends live connections, so that nothing is written while it is erased. Returns whether that was so before. */
export async function keepOut(engine: Engine, userId: string): Promise<boolean> {
  const { rows } = await guardDatabase(() =>
    engine.database.pool.query<{ wasBlocked: boolean }>(KEEP_OUT, [userId]),
  );
  publishAccess(engine, [userId]);
  return rows[0]?.wasBlocked ?? false;
}

/** After an erasure that a hold ended: as it was before it. */
export async function letInAgain(
  engine: Engine,
  { userId, wasBlocked }: { userId: string; wasBlocked: boolean },
): Promise<void> {
  await guardDatabase(() =>
    engine.database.pool.query(
      "UPDATE user_access SET blocked = $2, changed_xid = pg_current_xact_id() WHERE user_id = $1",
      [userId, wasBlocked],
    ),
  );
  publishAccess(engine, [userId]);
}
