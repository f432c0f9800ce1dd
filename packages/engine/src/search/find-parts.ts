import type { PoolClient } from "pg";
import { BLOCK_MESSAGES, chatTerm, senderTerm } from "./make-blocks.js";
import type { SearchQuery } from "./search-query.js";
import type { SearchedChat, SearchFilter, SearchPart } from "./search-scope.js";
import { termsOf } from "./text-terms.js";

export interface FoundParts {
  /** By their newest message, newest first. */
  parts: SearchPart[];
  /** Parts whose newest message is this one or an older one may be missing; -1: all are there. */
  completeTo: number;
}

/** Chats that one statement looks for: its work grows with their square. */
const CHATS_PER_STATEMENT = 250;
const BLOCKS_PER_STATEMENT = 200;

// Of each chat at most one block lies on both sides of the cursor, so that the limit always leaves some that lie behind it.
const BLOCKS = {
  name: "search-blocks",
  text: `SELECT chat_id AS "chatId", first_seq AS "firstSeq", last_seq AS "lastSeq", newest_number AS newest FROM search_blocks
    WHERE terms @@ $1::tsquery AND oldest_number < $2::bigint
      AND newest_at >= coalesce($3::timestamptz, '-infinity') AND oldest_at < coalesce($4::timestamptz, 'infinity')
    ORDER BY newest_number DESC LIMIT $5::int`,
};

const ENDS = `CROSS JOIN LATERAL (SELECT number FROM messages WHERE chat_id = part.chat_id AND seq BETWEEN part.first_seq AND part.last_seq
      ORDER BY chat_id, seq DESC LIMIT 1) newest
    CROSS JOIN LATERAL (SELECT number FROM messages WHERE chat_id = part.chat_id AND seq BETWEEN part.first_seq AND part.last_seq
      ORDER BY chat_id, seq LIMIT 1) oldest`;

// What is written but has no block, in parts of a block's size; and what has changed since its block was made.
const UNINDEXED = {
  name: "search-unindexed",
  text: `SELECT part.chat_id AS "chatId", part.first_seq AS "firstSeq", part.last_seq AS "lastSeq", newest.number AS newest
    FROM (
      SELECT own.id AS chat_id, greatest(last - ${BLOCK_MESSAGES - 1}, first.seq) AS first_seq, last AS last_seq
      FROM unnest($1::uuid[], $3::int[]) AS own(id, last_seq)
      CROSS JOIN LATERAL (
        SELECT coalesce((SELECT last_seq FROM search_blocks WHERE chat_id = own.id ORDER BY chat_id, last_seq DESC LIMIT 1), 0) AS seq
      ) done
      CROSS JOIN LATERAL (SELECT seq FROM messages WHERE chat_id = own.id AND seq > done.seq ORDER BY chat_id, seq LIMIT 1) first
      CROSS JOIN LATERAL generate_series(own.last_seq, first.seq, -${BLOCK_MESSAGES}) AS last
      UNION ALL
      SELECT chat_id, first_seq, last_seq FROM unnest($1::uuid[]) AS own(id)
      CROSS JOIN LATERAL (SELECT * FROM search_changes WHERE chat_id = own.id ORDER BY chat_id, last_seq OFFSET 0) change
    ) part ${ENDS} WHERE oldest.number < $2::bigint`,
};

/** The parts of some chats in which something may match, the newest of them. Costs a few rows for each chat, and one for each block. */
export async function findParts(
  client: PoolClient,
  input: { chats: readonly SearchedChat[]; query: SearchQuery; filter: SearchFilter; below: number },
): Promise<FoundParts> {
  const { chats, below } = input;
  const values = [chats.map(({ id }) => id), below, chats.map(({ lastSeq }) => lastSeq)];
  const unindexed = await client.query<SearchPart>({ ...UNINDEXED, values });
  const parts = [...unindexed.rows];
  let completeTo = -1;
  for (let from = 0; from < chats.length; from += CHATS_PER_STATEMENT) {
    const some = chats.slice(from, from + CHATS_PER_STATEMENT);
    const limit = BLOCKS_PER_STATEMENT + some.length;
    const blocks = await readBlocks(client, { ...input, chats: some, limit });
    parts.push(...blocks);
    if (blocks.length === limit) completeTo = Math.max(completeTo, blocks.at(-1)?.newest ?? -1);
  }
  parts.sort((left, right) => right.newest - left.newest);
  return { parts: parts.filter((part) => part.newest > completeTo || part.newest >= below), completeTo };
}

async function readBlocks(
  client: PoolClient,
  input: {
    chats: readonly SearchedChat[];
    query: SearchQuery;
    filter: SearchFilter;
    below: number;
    limit: number;
  },
): Promise<SearchPart[]> {
  const { filter, below, limit } = input;
  const values = [blockQuery(input), below, filter.after ?? null, filter.before ?? null, limit];
  const { rows } = await client.query<SearchPart>({ ...BLOCKS, values });
  return rows;
}

/** Blocks of one of the chats that have every term. Postgres begins with what it has the fewest of. */
function blockQuery({
  chats,
  query,
  filter,
}: {
  chats: readonly SearchedChat[];
  query: SearchQuery;
  filter: SearchFilter;
}): string {
  const terms = new Set(query.wanted.flatMap((term) => termsOf(term.text, term)));
  if (filter.from !== undefined) terms.add(senderTerm(filter.from));
  const own = chats.map(({ number }) => quote(chatTerm(number))).join(" | ");
  return [`(${own})`, ...[...terms].map(quote)].join(" & ");
}

function quote(term: string): string {
  return `'${term.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
}
