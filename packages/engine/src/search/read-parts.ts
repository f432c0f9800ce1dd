import type { PoolClient } from "pg";
import type { SearchFilter, SearchPart } from "./search-scope.js";

/** As much of a message as is needed to see whether it matches. */
export interface SearchedMessage {
  id: string;
  number: number;
  content: string;
}

const READ = {
  name: "search-messages",
  text: `SELECT m.id, m.number, m.content FROM unnest($1::uuid[], $2::int[], $3::int[]) AS part(chat_id, first_seq, last_seq)
    CROSS JOIN LATERAL (
      SELECT id, number, content, sender_id, created_at, deleted_at FROM messages
      WHERE chat_id = part.chat_id AND seq BETWEEN part.first_seq AND part.last_seq ORDER BY chat_id, seq OFFSET 0
    ) m
    WHERE m.deleted_at IS NULL AND m.content <> '' AND m.number < $4::bigint AND m.sender_id = coalesce($5::text, m.sender_id)
      AND m.created_at >= coalesce($6::timestamptz, '-infinity') AND m.created_at < coalesce($7::timestamptz, 'infinity')`,
};

/** The messages of some parts that the filter lets through. */
export async function readParts(
  client: PoolClient,
  { parts, filter, below }: { parts: readonly SearchPart[]; filter: SearchFilter; below: number },
): Promise<SearchedMessage[]> {
  const values = [
    parts.map(({ chatId }) => chatId),
    parts.map(({ firstSeq }) => firstSeq),
    parts.map(({ lastSeq }) => lastSeq),
    below,
    filter.from ?? null,
    filter.after ?? null,
    filter.before ?? null,
  ];
  const { rows } = await client.query<SearchedMessage>({ ...READ, values });
  return rows;
}
