import type { Actor } from "@parley/contracts";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";

const TOTAL = {
  name: "total-unread",
  text: `SELECT coalesce(sum(greatest(0, c.last_seq - m.read_seq)), 0)::float8 AS total
    FROM members m CROSS JOIN LATERAL (SELECT last_seq FROM chats WHERE id = m.chat_id OFFSET 0) c
    WHERE m.user_id = $1 AND m.left_at IS NULL AND m.role <> 'guest'`,
};

/** Messages after the actor's read positions, in all chats of their list: arithmetic on numbers, never a count over messages. */
export async function getTotalUnread(engine: Engine, { actor }: { actor: Actor }): Promise<number> {
  const { rows } = await guardDatabase(() =>
    engine.database.pool.query<{ total: number }>({ ...TOTAL, values: [actor.userId] }),
  );
  return rows[0]?.total ?? 0;
}
