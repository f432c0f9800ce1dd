import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";

/** Those of the named people who share at least one chat with the user (the user included). */
export async function sharesChat(
  engine: Engine,
  input: { userId: string; userIds: string[] },
): Promise<string[]> {
  const { rows } = await guardDatabase(() =>
    engine.database.pool.query<{ user_id: string }>({
      name: "shares-chat",
      text: `SELECT other.user_id FROM unnest($2::text[]) AS other(user_id)
        WHERE other.user_id = $1 OR EXISTS (
          SELECT 1 FROM members mine CROSS JOIN LATERAL (
            SELECT FROM members WHERE chat_id = mine.chat_id AND user_id = other.user_id AND left_at IS NULL OFFSET 0) theirs
          WHERE mine.user_id = $1 AND mine.left_at IS NULL)`,
      values: [input.userId, input.userIds],
    }),
  );
  return rows.map((row) => row.user_id);
}
