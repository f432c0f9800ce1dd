import { type Actor, type AuditAction, ParleyError } from "@parley/contracts";
import { runAudited } from "../audit/run-audited.js";
import type { Engine } from "../engine.js";
import { publishAccess } from "../events/publish.js";
import { isPrivileged } from "../policy.js";
import { assertPerson } from "./assert-person.js";

interface AccessChange {
  actor: Actor;
  userId: string;
}

/** Makes every token worthless that was issued to a user up to now. Refuses: role_required, forbidden (an id that is nobody's). */
export async function revokeTokens(engine: Engine, input: AccessChange): Promise<{ revokedBefore: Date }> {
  const rows = await changeAccess<{ revoked_before: Date }>(engine, input, {
    action: "user.tokens_revoked",
    text: `INSERT INTO user_access (user_id, revoked_before) VALUES ($1, clock_timestamp())
      ON CONFLICT (user_id) DO UPDATE SET revoked_before = clock_timestamp(), changed_xid = pg_current_xact_id()
      RETURNING revoked_before`,
    values: [input.userId],
  });
  return { revokedBefore: rows[0]?.revoked_before ?? engine.clock() };
}

/** Keeps a user out, or lets them in again; of who is being erased, it says what stands when that is over. Refuses: role_required, forbidden (an id that is nobody's). */
export async function setBlocked(engine: Engine, input: AccessChange & { blocked: boolean }): Promise<void> {
  await changeAccess(engine, input, {
    action: input.blocked ? "user.blocked" : "user.unblocked",
    // Of somebody who was erased and is back, a block from before may stand under another name.
    text: `WITH before AS (
        UPDATE user_access SET blocked = $2, changed_xid = pg_current_xact_id() WHERE user_id = erased_user_key($1) AND blocked
      ), erasure AS (
        SELECT FROM data_tasks WHERE user_id = $1 AND kind = 'erase' AND state IN ('waiting', 'running')
      )
      INSERT INTO user_access AS known (user_id, blocked) VALUES ($1, $2)
      ON CONFLICT (user_id) DO UPDATE SET changed_xid = pg_current_xact_id(),
        blocked = $2 OR (known.blocked_after IS NOT NULL AND EXISTS (SELECT FROM erasure)),
        blocked_after = CASE WHEN known.blocked_after IS NOT NULL AND EXISTS (SELECT FROM erasure) THEN $2 END
      RETURNING user_id`,
    values: [input.userId, input.blocked],
  });
}

/** Writes somebody's access and tells the nodes to read it. Refuses: role_required, forbidden (an id that is nobody's). */
export async function changeAccess<Row extends object>(
  engine: Engine,
  input: AccessChange,
  statement: { action: AuditAction; reason?: string; text: string; values: unknown[] },
): Promise<Row[]> {
  if (!isPrivileged(input.actor)) throw new ParleyError("role_required");
  assertPerson(input.userId);
  const { action, reason, ...act } = statement;
  const record = { actor: input.actor, action, reason, subject: { kind: "user", id: input.userId } } as const;
  const rows = await runAudited<Row>(engine, { ...act, record });
  publishAccess(engine, [input.userId]);
  return rows;
}
