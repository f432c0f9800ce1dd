import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";

const PAGE = 5_000;

const PRUNE = {
  name: "prune-notifications",
  text: `WITH old AS MATERIALIZED (
      SELECT id FROM notifications WHERE id < notification_id_floor(coalesce($1::timestamptz, now()) - $2::interval) ORDER BY id LIMIT $3::int
    ), deliveries AS (DELETE FROM deliveries d USING old o WHERE d.notification_id = o.id)
    DELETE FROM notifications n USING old o WHERE n.id = o.id`,
};

/** Forgets notifications of a certain age with their deliveries. Returns how many went. */
export async function pruneNotifications(
  engine: Engine,
  input: { olderThanMs: number; now?: Date },
): Promise<number> {
  const values = [input.now ?? null, `${input.olderThanMs} milliseconds`, PAGE];
  let count = 0;
  for (;;) {
    const { rowCount } = await guardDatabase(() => engine.database.pool.query({ ...PRUNE, values }));
    count += rowCount ?? 0;
    if ((rowCount ?? 0) < PAGE) return count;
  }
}
