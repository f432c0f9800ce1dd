import type { PoolClient } from "pg";
import { BLOCK_MESSAGES } from "./make-blocks.js";
import type { SearchedChat, SearchPart } from "./search-scope.js";

export interface UnindexedParts {
  parts: SearchPart[];
  /** Parts whose newest message is this one or an older one may be missing; -1: all are there. */
  completeTo: number;
}

/** Parts that one look finds, shared by the chats: more than a page reads. Two of each chat, so that one of them lies wholly behind the cursor. */
const PARTS_AT_ONCE = 500;
const LEAST_EACH = 2;
/** By how much more is looked at where that brings a search no further. */
const WIDER = 8;

// What is written but has no block, in parts of a block's size; and what has changed since its block was made, also gathered in pieces of
// a block's size: the newest of each chat. A part may be empty by now; what is said of its ends holds all the same.
const UNINDEXED = {
  name: "search-unindexed",
  text: `SELECT part.chat_id AS "chatId", part.first_seq AS "firstSeq", part.last_seq AS "lastSeq", part.is_change AS "isChange",
      coalesce(newest.number, -1)::bigint AS newest, coalesce(oldest.number, ${Number.MAX_SAFE_INTEGER})::bigint AS oldest
    FROM unnest($1::uuid[], $2::int[]) AS own(id, up_to)
    CROSS JOIN LATERAL (
      SELECT coalesce((SELECT last_seq FROM search_blocks WHERE chat_id = own.id ORDER BY chat_id, last_seq DESC LIMIT 1), 0) AS seq
    ) done
    CROSS JOIN LATERAL (
      (SELECT own.id AS chat_id, greatest(last - ${BLOCK_MESSAGES - 1}, first.seq) AS first_seq, last AS last_seq, false AS is_change
        FROM (SELECT seq FROM messages WHERE chat_id = own.id AND seq > done.seq ORDER BY chat_id, seq LIMIT 1) first
        CROSS JOIN LATERAL generate_series(own.up_to, first.seq, -${BLOCK_MESSAGES}) AS last
        ORDER BY last DESC LIMIT $3::int)
      UNION ALL
      (SELECT own.id, min(greatest(change.first_seq, piece + 1)), max(least(change.last_seq, piece + ${BLOCK_MESSAGES}, own.up_to)) AS last_seq, true
        FROM (SELECT first_seq, last_seq FROM search_changes WHERE chat_id = own.id ORDER BY chat_id, last_seq OFFSET 0) change
        CROSS JOIN LATERAL generate_series((change.first_seq - 1) / ${BLOCK_MESSAGES} * ${BLOCK_MESSAGES}, least(change.last_seq, own.up_to) - 1, ${BLOCK_MESSAGES}) AS piece
        WHERE change.first_seq <= own.up_to GROUP BY piece ORDER BY piece DESC LIMIT $3::int)
    ) part
    LEFT JOIN LATERAL (SELECT number FROM messages WHERE chat_id = part.chat_id AND seq <= part.last_seq ORDER BY chat_id, seq DESC LIMIT 1) newest ON true
    LEFT JOIN LATERAL (SELECT number FROM messages WHERE chat_id = part.chat_id AND seq >= part.first_seq ORDER BY chat_id, seq LIMIT 1) oldest ON true`,
};

// The last place of each chat whose message is older than the cursor, found by halving: numbers grow with places.
const BEHIND_CURSOR = {
  name: "search-behind-cursor",
  text: `WITH RECURSIVE place AS (
      SELECT id, 0 AS low, up_to AS high FROM unnest($1::uuid[], $2::int[]) AS own(id, up_to)
      UNION ALL
      SELECT place.id, CASE WHEN is_older THEN middle ELSE low END, CASE WHEN is_older THEN high ELSE middle - 1 END
      FROM place CROSS JOIN LATERAL (SELECT (low + high + 1) / 2 AS middle) half
      CROSS JOIN LATERAL (SELECT coalesce((
        SELECT number FROM messages WHERE chat_id = place.id AND seq <= middle ORDER BY chat_id, seq DESC LIMIT 1
      ), -1) < $3::bigint AS is_older) look
      WHERE low < high
    ) SELECT id, low AS "upTo" FROM place WHERE low >= high`,
};

interface Row extends SearchPart {
  isChange: boolean;
  /** The number of its oldest message. */
  oldest: number;
}

/**
 * The parts of some chats that no block speaks for, the newest of them: what has just been written and changed or, while a worker is away and in a
 * database that was just brought up to date, a bounded piece of everything.
 */
export async function readUnindexed(
  client: PoolClient,
  { chats, below }: { chats: readonly SearchedChat[]; below: number },
): Promise<UnindexedParts> {
  const upTo = new Map(chats.map(({ id, lastSeq }) => [id, lastSeq]));
  let most = Math.max(LEAST_EACH, Math.ceil(PARTS_AT_ONCE / Math.max(chats.length, 1)));
  for (let isFirst = true; ; isFirst = false) {
    const values = [[...upTo.keys()], [...upTo.values()], most + 1];
    const { rows } = await client.query<Row>({ ...UNINDEXED, values });
    const { kept, omitted } = cut(rows, most);
    const completeTo = omitted.reduce((bound, { newest }) => Math.max(bound, newest), -1);
    // A page that begins there comes further.
    if (completeTo === -1 || completeTo + 1 < below)
      return { parts: kept.filter(({ oldest }) => oldest < below), completeTo };
    if (!isFirst) most *= WIDER;
    const ids = [...new Set(omitted.map(({ chatId }) => chatId))];
    const places = [ids, ids.map((id) => upTo.get(id) ?? 0), below];
    const found = await client.query<{ id: string; upTo: number }>({ ...BEHIND_CURSOR, values: places });
    for (const { id, upTo: place } of found.rows) upTo.set(id, place);
  }
}

/** Of each chat and kind so many of the newest parts; and the first one behind them, where there are more. */
function cut(rows: readonly Row[], most: number): { kept: Row[]; omitted: Row[] } {
  const counts = new Map<string, number>();
  const result: { kept: Row[]; omitted: Row[] } = { kept: [], omitted: [] };
  for (const row of [...rows].sort((left, right) => right.lastSeq - left.lastSeq)) {
    const key = `${row.chatId} ${row.isChange}`;
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    (count > most ? result.omitted : result.kept).push(row);
  }
  return result;
}
