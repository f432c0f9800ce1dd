import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { type OpenChat, openChatFromRow } from "./open-chat.js";

// With the words of the index, which a plan for any values (Prisma's parameters) could not use.
const OPEN_CHATS = {
  name: "open-chats",
  text: `SELECT id, number, name, external_key AS "externalKey", created_by AS "createdBy", created_at AS "createdAt" FROM chats
    WHERE is_open AND status <> 'archived' AND number < $1::bigint ORDER BY number DESC LIMIT $2`,
};

/** A page of the open chats that are not archived, newest first. Whom they are open to is the caller's to know. */
export async function listOpenChats(
  engine: Engine,
  { limit, before }: { limit: number /** Only those with smaller numbers. */; before?: number | undefined },
): Promise<OpenChat[]> {
  const values = [before ?? Number.MAX_SAFE_INTEGER, limit];
  const { rows } = await guardDatabase(() =>
    engine.database.pool.query<Parameters<typeof openChatFromRow>[0]>({ ...OPEN_CHATS, values }),
  );
  return rows.map(openChatFromRow);
}
