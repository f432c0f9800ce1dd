import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";

/** Large groups do not tell each other who comes and goes: a thousand members would be a million notices a day. */
const LARGEST_GROUP = 50;
const MOST_PARTNERS = 1_000;

interface Row {
  user_id: string;
  partners: string[];
}

/** By user, the people who are told when they come and go: everyone in a small chat with them. One query for all users. */
export async function chatPartners(
  engine: Engine,
  userIds: readonly string[],
): Promise<Map<string, string[]>> {
  const { rows } = await guardDatabase(() =>
    engine.database.pool.query<Row>({
      name: "chat-partners",
      text: `SELECT u.user_id, ARRAY(
          SELECT DISTINCT theirs.user_id FROM members mine
          CROSS JOIN LATERAL (SELECT FROM chats WHERE id = mine.chat_id AND member_count <= $2 OFFSET 0) c
          CROSS JOIN LATERAL (SELECT user_id FROM members WHERE chat_id = mine.chat_id AND left_at IS NULL OFFSET 0) theirs
          WHERE mine.user_id = u.user_id AND mine.left_at IS NULL AND theirs.user_id <> u.user_id LIMIT $3) AS partners
        FROM unnest($1::text[]) AS u(user_id)`,
      values: [userIds, LARGEST_GROUP, MOST_PARTNERS],
    }),
  );
  return new Map(rows.map((row) => [row.user_id, row.partners]));
}
