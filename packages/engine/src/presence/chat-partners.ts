import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";

/** Large groups do not tell each other who comes and goes: a thousand members would be a million notices a day. */
const LARGEST_GROUP = 50;
const MOST_PARTNERS = 1_000;

/** The people who are told when the user comes and goes: everyone in a small chat with them. */
export async function chatPartners(engine: Engine, userId: string): Promise<string[]> {
  const { rows } = await guardDatabase(() =>
    engine.database.pool.query<{ user_id: string }>({
      name: "chat-partners",
      text: `SELECT DISTINCT theirs.user_id FROM members mine
        JOIN chats c ON c.id = mine.chat_id AND c.member_count <= $2
        JOIN members theirs ON theirs.chat_id = mine.chat_id AND theirs.left_at IS NULL
        WHERE mine.user_id = $1 AND mine.left_at IS NULL AND theirs.user_id <> $1 LIMIT $3`,
      values: [userId, LARGEST_GROUP, MOST_PARTNERS],
    }),
  );
  return rows.map((row) => row.user_id);
}
