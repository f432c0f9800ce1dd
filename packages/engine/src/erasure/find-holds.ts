import { segmentRows } from "../archive/segment-codec.js";
import { segmentsOf } from "../archive/segments-of.js";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";

const HELD_CHATS = `SELECT c.id, c.archived_seq > c.purged_seq AS "hasArchive",
    EXISTS (SELECT FROM messages m WHERE m.chat_id = c.id AND m.sender_id = $1) AS "hasWritten"
  FROM (SELECT * FROM chats WHERE legal_hold ORDER BY id OFFSET 0) c ORDER BY c.id`;

/** What forbids to erase a person, in words; undefined: nothing does. Throws database_unavailable. */
export async function findHold(engine: Engine, userId: string): Promise<string | undefined> {
  const { pool, prisma } = engine.database;
  const hold = await guardDatabase(() => prisma.userHold.findUnique({ where: { userId } }));
  if (hold !== null) return "legal_hold: the person is on legal hold";
  const { rows } = await guardDatabase(() =>
    pool.query<{ id: string; hasArchive: boolean; hasWritten: boolean }>(HELD_CHATS, [userId]),
  );
  for (const { id, hasArchive, hasWritten } of rows) {
    if (hasWritten || (hasArchive && (await hasArchived(engine, { chatId: id, userId }))))
      return `legal_hold: the chat ${id}, in which the person wrote, is on legal hold`;
  }
  return undefined;
}

async function hasArchived(
  engine: Engine,
  { chatId, userId }: { chatId: string; userId: string },
): Promise<boolean> {
  for await (const segment of segmentsOf(engine, chatId)) {
    const { messages } = segmentRows(segment.text);
    if (messages.some((row) => row.sender_id === userId)) return true;
  }
  return false;
}
