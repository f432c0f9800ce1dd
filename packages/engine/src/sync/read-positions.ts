import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";

/** Where a chat stands: its newest revision and message. */
export interface ChatPosition {
  chatId: string;
  rev: number;
  seq: number;
}

const POSITIONS = {
  name: "read-positions",
  text: `SELECT c.id AS "chatId", c.last_rev AS rev, c.last_seq AS seq
    FROM members m CROSS JOIN LATERAL (SELECT id, last_rev, last_seq FROM chats WHERE id = m.chat_id OFFSET 0) c
    WHERE m.user_id = $1 AND m.left_at IS NULL`,
};

const ARRIVAL = {
  name: "read-arrival",
  text: `SELECT chat_id AS "chatId", joined_rev - 1 AS rev, joined_seq AS seq
    FROM members WHERE chat_id = $1 AND user_id = $2 AND left_at IS NULL`,
};

/** Where a chat stood before the user came into it; null when they are not in it. */
export async function readArrival(
  engine: Engine,
  input: { chatId: string; userId: string },
): Promise<ChatPosition | null> {
  const values = [input.chatId, input.userId];
  const { rows } = await guardDatabase(() =>
    engine.database.pool.query<ChatPosition>({ ...ARRIVAL, values }),
  );
  return rows[0] ?? null;
}

/** All chats of a user with where each stands: what a node needs to know when the user connects to it. */
export async function readPositions(engine: Engine, userId: string): Promise<ChatPosition[]> {
  const { rows } = await guardDatabase(() =>
    engine.database.pool.query<ChatPosition>({ ...POSITIONS, values: [userId] }),
  );
  return rows;
}
