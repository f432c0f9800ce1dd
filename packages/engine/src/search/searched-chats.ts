import { type Actor, ParleyError } from "@parley/contracts";
import type { PoolClient } from "pg";
import type { SearchedChat, SearchFilter } from "./search-scope.js";

// A chat of its own is searched by guests, too, who read it; all chats are those of the list.
const OWN = {
  name: "search-own-chats",
  text: `SELECT c.id, c.number, c.last_seq AS "lastSeq", c.archived_seq > c.purged_seq AS "isArchived" FROM members m
    CROSS JOIN LATERAL (SELECT * FROM chats WHERE id = m.chat_id OFFSET 0) c
    WHERE m.user_id = $1 AND m.left_at IS NULL AND m.role <> 'guest'`,
};

const ONE = {
  name: "search-own-chat",
  text: `SELECT c.id, c.number, c.last_seq AS "lastSeq", c.archived_seq > c.purged_seq AS "isArchived" FROM members m JOIN chats c ON c.id = m.chat_id
    WHERE m.chat_id = $2::uuid AND m.user_id = $1 AND m.left_at IS NULL`,
};

const ARCHIVED = {
  name: "search-archived",
  text: `SELECT max(s.newest_at) AS "newestAt" FROM unnest($1::uuid[]) AS own(id)
    CROSS JOIN LATERAL (SELECT newest_at FROM archive_segments WHERE chat_id = own.id ORDER BY chat_id, last_seq DESC LIMIT 1) s
    WHERE s.newest_at >= coalesce($2::timestamptz, '-infinity')`,
};

/** The chats to search: those that the actor is in, operators too. Refuses: chat_not_found. */
export async function ownChats(
  client: PoolClient,
  { actor, chatId }: { actor: Actor; chatId?: string | undefined },
): Promise<SearchedChat[]> {
  if (chatId === undefined)
    return (await client.query<SearchedChat>({ ...OWN, values: [actor.userId] })).rows;
  const { rows } = await client.query<SearchedChat>({ ...ONE, values: [actor.userId, chatId] });
  if (rows.length === 0) throw new ParleyError("chat_not_found");
  return rows;
}

/** Before when some messages of the searched time are archived; null: none are. */
export async function archivedBefore(
  client: PoolClient,
  { chats, filter }: { chats: readonly SearchedChat[]; filter: SearchFilter },
): Promise<string | null> {
  const archived = chats.filter(({ isArchived }) => isArchived).map(({ id }) => id);
  if (archived.length === 0) return null;
  const values = [archived, filter.after ?? null];
  const { rows } = await client.query<{ newestAt: Date | null }>({ ...ARCHIVED, values });
  const newest = rows[0]?.newestAt ?? null;
  if (newest === null) return null;
  // The newest archived message itself is from before the next millisecond.
  const end = newest.getTime() + 1;
  return new Date(Math.min(end, filter.before?.getTime() ?? end)).toISOString();
}
