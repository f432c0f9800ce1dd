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
    FROM members m JOIN chats c ON c.id = m.chat_id WHERE m.user_id = $1 AND m.left_at IS NULL`,
};

/** All chats of a user with where each stands: what a node needs to know when the user connects to it. */
export async function readPositions(engine: Engine, userId: string): Promise<ChatPosition[]> {
  const { rows } = await guardDatabase(() =>
    engine.database.pool.query<ChatPosition>({ ...POSITIONS, values: [userId] }),
  );
  return rows;
}
