import type { PoolClient } from "pg";
import { chatTerm, senderTerm } from "./make-blocks.js";
import type { SearchQuery } from "./search-query.js";
import type { SearchedChat, SearchFilter, SearchPart } from "./search-scope.js";
import { termsOf } from "./text-terms.js";
import { readUnindexed } from "./unindexed-parts.js";

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

/** The parts of some chats in which something may match, the newest of them. Costs a few rows for each chat, and one for each block. */
export async function findParts(
  client: PoolClient,
  input: { chats: readonly SearchedChat[]; query: SearchQuery; filter: SearchFilter; below: number },
): Promise<FoundParts> {
  const { chats, below } = input;
  const unindexed = await readUnindexed(client, input);
  const parts = [...unindexed.parts];
  let { completeTo } = unindexed;
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
