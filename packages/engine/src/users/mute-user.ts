import type { Actor } from "@parley/contracts";
import type { Engine } from "../engine.js";
import { changeAccess } from "./change-access.js";

/** Lets a user read and write nothing until a time; null: they may write again. Refuses: role_required, forbidden (an id that is nobody's). */
export async function muteUser(
  engine: Engine,
  input: { actor: Actor; userId: string; until: Date | null; reason: string },
): Promise<{ mutedUntil: Date | null }> {
  const { userId, until, reason } = input;
  const mutedUntil = until !== null && until > engine.clock() ? until : null;
  await changeAccess(engine, input, {
    action: mutedUntil === null ? "user.unmuted" : "user.muted",
    reason,
    text: `INSERT INTO user_access (user_id, muted_until, muted_reason) VALUES ($1, $2, $3)
      ON CONFLICT (user_id) DO UPDATE SET muted_until = $2, muted_reason = $3, changed_xid = pg_current_xact_id() RETURNING user_id`,
    values: [userId, mutedUntil, mutedUntil === null ? null : reason],
  });
  return { mutedUntil };
}
