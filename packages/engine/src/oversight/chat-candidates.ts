import type { Actor } from "@parley/contracts";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import type { ChatFilter } from "./overseen-chat.js";
import { readCursor } from "./page-cursor.js";
import { readByIndex } from "./read-by-index.js";

export interface FindChatsInput extends ChatFilter {
  actor: Actor;
  /** The beginning of an id or a title; an order or an outside key as a whole. */
  text?: string | undefined;
  /** Only chats that this person is in. */
  userId?: string | undefined;
  limit: number;
  /** The `nextCursor` of the page before. */
  cursor?: string | undefined;
}

/** A chat that may be listed, and its place in the list. */
export interface ChatCandidate {
  id: string;
  /** By what it was found; these come one after the other. */
  part: "exact" | "id" | "name" | "user" | "all";
  /** What it is ordered by within its part, before its id. */
  key: string;
}

export interface ChatCandidates {
  candidates: ChatCandidate[];
  /** Where it goes on when none of them is left; null: nothing comes after them. */
  end: ChatCandidate | null;
}

/** Chats that are looked at for one page where a filter may drop most of them. */
const WINDOW = 500;

const FIRST_ID = "00000000-0000-0000-0000-000000000000";
const LAST_ID = "ffffffff-ffff-ffff-ffff-ffffffffffff";
const PART_OF_ID = /^[0-9a-f]{4,8}(-[0-9a-f-]*)?$/;

// What equals something is no part of an order for the planner, which may then choose another index: so ranges, and what is beyond is left out.

// At most nine kinds, each in the order of its index, so that none of them needs the others read.
const ALL = `SELECT c.id, 'all' AS part, '' AS key
    FROM unnest(CASE WHEN $1::text IS NULL THEN enum_range(NULL::chat_status) ELSE ARRAY[$1::chat_status] END) s(status)
    CROSS JOIN unnest(CASE WHEN $2::text IS NULL THEN enum_range(NULL::chat_type) ELSE ARRAY[$2::chat_type] END) t(type)
    CROSS JOIN LATERAL (SELECT id FROM chats WHERE status = s.status AND type = t.type AND id < $3::uuid
      ORDER BY status DESC, type DESC, id DESC LIMIT $4) c
    ORDER BY c.id DESC LIMIT $4`;

const OF_USER = `SELECT id, 'user' AS part, '' AS key, gone FROM (
    SELECT user_id, chat_id AS id, left_at IS NOT NULL AS gone FROM members
    WHERE (user_id, chat_id) < ($1, $2::uuid) ORDER BY user_id DESC, chat_id DESC LIMIT $3
  ) m WHERE user_id = $1`;

const EXACT = `SELECT id FROM chats WHERE order_id = $1 UNION SELECT id FROM chats WHERE external_key = $1`;

const BY_ID = `SELECT id, 'id' AS part, '' AS key FROM chats
    WHERE id >= $1::uuid AND id <= $2::uuid AND id > $3::uuid ORDER BY id LIMIT $4`;

// U+10FFFF comes after everything that a title can begin with.
const BY_NAME = `SELECT id, 'name' AS part, lower(name) AS key FROM chats
    WHERE name IS NOT NULL AND (lower(name) COLLATE "C", id) > ($2 COLLATE "C", $3::uuid)
      AND lower(name) COLLATE "C" >= lower($1) COLLATE "C" AND lower(name) COLLATE "C" < (lower($1) || chr(1114111)) COLLATE "C"
    ORDER BY lower(name) COLLATE "C", id LIMIT $4`;

/** The chats that the next page can consist of, in their order. Throws invalid_input for a cursor that is none. */
export async function chatCandidates(engine: Engine, input: FindChatsInput): Promise<ChatCandidates> {
  const from = input.cursor === undefined ? undefined : placeOf(input.cursor);
  if (input.userId !== undefined) return candidatesOfUser(engine, input, from);
  if (input.text !== undefined) return searchedCandidates(engine, { text: input.text.trim(), from });
  const limit = input.limit + 1;
  const values = [input.status ?? null, input.type ?? null, from?.id ?? LAST_ID, limit];
  const candidates = await run(engine, ALL, values);
  return { candidates, end: candidates.length < limit ? null : (candidates.at(-1) ?? null) };
}

async function candidatesOfUser(
  engine: Engine,
  { userId, text }: FindChatsInput,
  from: ChatCandidate | undefined,
): Promise<ChatCandidates> {
  const rows = await run<ChatCandidate & { gone: boolean }>(engine, OF_USER, [
    userId,
    from?.id ?? LAST_ID,
    WINDOW,
  ]);
  const candidates = rows.filter(({ gone }) => !gone);
  const wanted = text === undefined ? candidates : await namedSo(engine, { candidates, text: text.trim() });
  return { candidates: wanted, end: rows.length < WINDOW ? null : (rows.at(-1) ?? null) };
}

const NAMED = `SELECT asked.id FROM unnest($1::uuid[]) AS asked(id)
    CROSS JOIN LATERAL (SELECT name, order_id, external_key FROM chats WHERE id = asked.id OFFSET 0) c
    WHERE starts_with(asked.id::text, lower($2)) OR starts_with(lower(c.name), lower($2)) OR c.order_id = $2 OR c.external_key = $2`;

async function namedSo(
  engine: Engine,
  { candidates, text }: { candidates: ChatCandidate[]; text: string },
): Promise<ChatCandidate[]> {
  const found = await run<{ id: string }>(engine, NAMED, [candidates.map(({ id }) => id), text]);
  const ids = new Set(found.map(({ id }) => id));
  return candidates.filter(({ id }) => ids.has(id));
}

/** One part after the other, until there are enough. */
async function searchedCandidates(
  engine: Engine,
  { text, from }: { text: string; from: ChatCandidate | undefined },
): Promise<ChatCandidates> {
  const part = from?.part ?? "exact";
  const candidates = part === "exact" ? await exactCandidates(engine, { text, after: from?.id }) : [];
  const lowered = text.toLowerCase();
  if (part !== "name" && PART_OF_ID.test(lowered)) {
    const ends = [padded(lowered, FIRST_ID), padded(lowered, LAST_ID)];
    const after = part === "id" ? from?.id : FIRST_ID;
    const rows = await run(engine, BY_ID, [...ends, after, WINDOW]);
    candidates.push(...rows);
    if (rows.length === WINDOW) return { candidates, end: rows.at(-1) ?? null };
  }
  const after = part === "name" ? [from?.key, from?.id] : ["", FIRST_ID];
  const rows = await run(engine, BY_NAME, [text, ...after, WINDOW]);
  candidates.push(...rows);
  return { candidates, end: rows.length < WINDOW ? null : (rows.at(-1) ?? null) };
}

/** Two at most; each has an index of its own, which an order by ids would pass by. */
async function exactCandidates(
  engine: Engine,
  { text, after = FIRST_ID }: { text: string; after: string | undefined },
): Promise<ChatCandidate[]> {
  const { rows } = await guardDatabase(() => engine.database.pool.query<{ id: string }>(EXACT, [text]));
  const ids = rows.map(({ id }) => id).filter((id) => id > after);
  return ids.sort().map((id) => ({ id, part: "exact", key: "" }));
}

/** The first or the last id that begins so. */
function padded(text: string, model: string): string {
  const digits = text.replaceAll("-", "").slice(0, 32);
  const whole = digits + model.replaceAll("-", "").slice(digits.length);
  return whole.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

const PARTS = ["exact", "id", "name", "user", "all"] as const;

function placeOf(cursor: string): ChatCandidate {
  const [part, key = "", id = ""] = readCursor(cursor, 3);
  const known = PARTS.find((one) => one === part);
  const isId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id);
  // What is no place of this list begins at its beginning.
  return known !== undefined && isId ? { part: known, key, id } : { part: "exact", key: "", id: LAST_ID };
}

function run<Row extends object = ChatCandidate>(
  engine: Engine,
  text: string,
  values: unknown[],
): Promise<Row[]> {
  return readByIndex<Row>(engine, { text, values });
}
