import { type Actor, type Message, ParleyError } from "@parley/contracts";
import type { PoolClient } from "pg";
import { isStatementTimeout, translateDatabaseFailure } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { messageFromRow } from "../messages/message-row.js";
import { findParts } from "./find-parts.js";
import { type Highlight, highlightText, matchesText } from "./match-text.js";
import { readParts } from "./read-parts.js";
import { decodeSearchCursor, encodeSearchCursor } from "./search-cursor.js";
import { parseSearchQuery, type SearchQuery } from "./search-query.js";
import type { SearchedChat, SearchFilter, SearchPart } from "./search-scope.js";
import { archivedBefore, ownChats } from "./searched-chats.js";
import { TextWork } from "./text-work.js";

export interface SearchInput extends SearchFilter {
  actor: Actor;
  text: string;
  chatId?: string | undefined;
  limit: number;
  cursor?: string | undefined;
}

export interface SearchResults {
  /** Newest first. */
  results: Array<{ message: Message; highlights: Highlight[] }>;
  /** Null: there are no more. */
  nextCursor: string | null;
  /** Some messages from before this time are archived, and were not searched. */
  archivedBefore: string | null;
}

interface Found {
  ids: string[];
  nextBelow: number | null;
}

const TIMEOUT_MS = 3_000;
const RETRY_AFTER_MS = 1_000;
/** Messages that are read together, give or take a part. */
const MESSAGES_AT_ONCE = 500;
/** Messages that one page looks through, unless it has not come one message further by then. */
const MESSAGES_PER_PAGE = 6_000;
/** Work on texts after which a page ends, as well: some take a hundred times as long as others. */
const WORK_PER_PAGE_MS = 500;
const FROM_THE_NEWEST = Number.MAX_SAFE_INTEGER;

/**
 * Searches the chats that the actor is in, as their history shows them: what was deleted is not found, nor what was edited away. Newest first, in
 * the order in which messages were stored. A page may hold fewer than asked for, or none, and still name where to go on: one call looks through a
 * bounded number of messages. Refuses: invalid_input, chat_not_found, search_too_slow, rate_limited, overloaded, database_unavailable.
 */
export async function searchMessages(engine: Engine, input: SearchInput): Promise<SearchResults> {
  const query = parseSearchQuery(input.text);
  const below = input.cursor === undefined ? FROM_THE_NEWEST : decodeSearchCursor(input.cursor);
  return engine.searches.take(input.actor.userId, async () => {
    const { ids, nextBelow, archived } = await withClient(engine, async (client) => {
      const chats = await ownChats(client, input);
      const found = await find(client, { chats, query, filter: input, below, limit: input.limit });
      return { ...found, archived: await archivedBefore(client, { chats, filter: input }) };
    });
    return {
      results: await readResults(engine, { ids, query }),
      nextCursor: nextBelow === null ? null : encodeSearchCursor(nextBelow),
      archivedBefore: archived,
    };
  });
}

/** One connection, on which a statement may take less time than elsewhere. */
async function withClient<Result>(
  engine: Engine,
  work: (client: PoolClient) => Promise<Result>,
): Promise<Result> {
  let client: PoolClient | undefined;
  try {
    client = await engine.database.pool.connect();
    await client.query(`BEGIN READ ONLY; SET LOCAL statement_timeout = ${TIMEOUT_MS}`);
    const result = await work(client);
    await client.query("COMMIT");
    client.release();
    return result;
  } catch (error) {
    if (client !== undefined) await endTransaction(client);
    if (isStatementTimeout(error))
      throw new ParleyError("search_too_slow", { retryAfterMs: RETRY_AFTER_MS, cause: error });
    throw translateDatabaseFailure(error);
  }
}

async function endTransaction(client: PoolClient): Promise<void> {
  const failure = await client.query("ROLLBACK").then(
    () => undefined,
    (error: Error) => error,
  );
  client.release(failure);
}

interface FindInput {
  chats: readonly SearchedChat[];
  query: SearchQuery;
  filter: SearchFilter;
  /** Only messages with a smaller number. */
  below: number;
  limit: number;
}

/** Reads parts from the newest on, until nothing that is left can belong on the page. */
async function find(client: PoolClient, input: FindInput): Promise<Found> {
  const { query, filter, below, limit } = input;
  const { parts, completeTo } = await findParts(client, input);
  const matches = new Map<number, string>();
  const work = new TextWork();
  let read = 0;
  for (let next = 0; next < parts.length; ) {
    const some = nextParts(parts, next);
    next += some.length;
    const messages = await readParts(client, { parts: some, filter, below });
    for (const { id, number, content } of messages)
      if (await work.run(() => matchesText(content, query))) matches.set(number, id);
    read += some.reduce((sum, part) => sum + sizeOf(part), 0);
    const bound = boundOf(parts, { next, completeTo });
    if (bound === -1) break;
    const page = pageOf(matches, { above: bound, limit });
    if (page.nextBelow !== null) return page;
    const isMuch = read >= MESSAGES_PER_PAGE || work.totalMs >= WORK_PER_PAGE_MS;
    if (isMuch && bound + 1 < below) return { ids: page.ids, nextBelow: bound + 1 };
  }
  const page = pageOf(matches, { above: completeTo, limit });
  return page.nextBelow !== null || completeTo === -1 ? page : { ...page, nextBelow: completeTo + 1 };
}

function nextParts(parts: readonly SearchPart[], from: number): SearchPart[] {
  let to = from;
  for (let messages = 0; to < parts.length && messages < MESSAGES_AT_ONCE; to++)
    messages += sizeOf(parts[to] ?? { firstSeq: 0, lastSeq: 0 });
  return parts.slice(from, to);
}

const sizeOf = ({ firstSeq, lastSeq }: Pick<SearchPart, "firstSeq" | "lastSeq">) => lastSeq - firstSeq + 1;

/** The newest message that may be in what has not been read; -1: everything has been. */
function boundOf(
  parts: readonly SearchPart[],
  { next, completeTo }: { next: number; completeTo: number },
): number {
  return Math.max(parts[next]?.newest ?? -1, completeTo);
}

/** The newest matches of those that nothing else can come before; and where the next page begins, if it is full. */
function pageOf(
  matches: ReadonlyMap<number, string>,
  { above, limit }: { above: number; limit: number },
): Found {
  const numbers = [...matches.keys()].filter((number) => number > above).sort((left, right) => right - left);
  const page = numbers.slice(0, limit);
  return {
    ids: page.map((number) => matches.get(number) ?? ""),
    nextBelow: numbers.length > limit ? (page.at(-1) ?? null) : null,
  };
}

/** The messages as they stand now: what was deleted or edited away meanwhile is left out. */
async function readResults(
  engine: Engine,
  { ids, query }: { ids: readonly string[]; query: SearchQuery },
): Promise<SearchResults["results"]> {
  if (ids.length === 0) return [];
  const rows = await engine.database.prisma.message.findMany({
    where: { id: { in: [...ids] }, deletedAt: null },
    orderBy: { number: "desc" },
  });
  const work = new TextWork();
  const results = [];
  for (const row of rows) {
    if (!(await work.run(() => matchesText(row.content, query)))) continue;
    const highlights = await work.run(() => highlightText(row.content, query));
    results.push({ message: messageFromRow(row), highlights });
  }
  return results;
}
