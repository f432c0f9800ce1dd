import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { publishAccess } from "../events/publish.js";

// What stood before, and what operators say from now on, is kept beside it; a run that was killed right here asks once more.
const KEEP_OUT = `INSERT INTO user_access (user_id, blocked, blocked_after, revoked_before) VALUES ($1, true, false, clock_timestamp())
  ON CONFLICT (user_id) DO UPDATE SET blocked = true, blocked_after = coalesce(user_access.blocked_after, user_access.blocked),
    revoked_before = clock_timestamp(), changed_xid = pg_current_xact_id()`;

const LET_IN = `UPDATE user_access SET blocked = coalesce(blocked_after, $2), blocked_after = NULL, changed_xid = pg_current_xact_id()
  WHERE user_id = $1`;

/** Lets nobody in under an id, and ends live connections, so that nothing is written while it is erased. */
export async function keepOut(engine: Engine, userId: string): Promise<void> {
  await guardDatabase(() => engine.database.pool.query(KEEP_OUT, [userId]));
  publishAccess(engine, [userId]);
}

/** After an erasure that a hold ended: as it was before it, or as operators have said since. `wasBlocked`: where nothing stands. */
export async function letInAgain(
  engine: Engine,
  { userId, wasBlocked }: { userId: string; wasBlocked: boolean },
): Promise<void> {
  await guardDatabase(() => engine.database.pool.query(LET_IN, [userId, wasBlocked]));
  publishAccess(engine, [userId]);
}
