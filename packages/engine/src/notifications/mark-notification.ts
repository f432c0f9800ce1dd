import { type Actor, ParleyError } from "@parley/contracts";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";

const MARK = {
  name: "mark-notification",
  text: `UPDATE notifications SET opened_at = coalesce(opened_at, statement_timestamp()),
      clicked_at = CASE WHEN $3 THEN coalesce(clicked_at, statement_timestamp()) ELSE clicked_at END
    WHERE id = $1 AND user_id = $2`,
};

/**
 * Notes that the actor has opened a notification of theirs, or has clicked on it (and so opened it). The first time counts.
 * Refuses: notification_not_found.
 */
export async function markNotification(
  engine: Engine,
  input: { actor: Actor; notificationId: string; as: "opened" | "clicked" },
): Promise<void> {
  const values = [input.notificationId, input.actor.userId, input.as === "clicked"];
  const { rowCount } = await guardDatabase(() => engine.database.pool.query({ ...MARK, values }));
  if (rowCount === 0) throw new ParleyError("notification_not_found");
}
