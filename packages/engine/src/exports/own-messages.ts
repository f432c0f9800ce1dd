import { readMessageRange } from "../archive/read-message-range.js";
import { segmentRows, type TextRow } from "../archive/segment-codec.js";
import { segmentsOf } from "../archive/segments-of.js";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { chatsOfPerson, type FoundChat } from "../erasure/chats-of-person.js";
import type { MessageRow } from "../messages/message-row.js";
import type { ExportPage, ReadSection } from "./export-page.js";

/** Numbers that one page passes over. */
const LOOKED_AT = 1_000;

const COLUMNS = [
  "id",
  "chat_id",
  "seq",
  "type",
  "content",
  "attachment_url",
  "attachment_type",
  "metadata",
  "reply_to",
  "created_at",
  "edited_at",
  "deleted_at",
] as const;

// At least one row, which says how many messages of whomever are there: where some are not, they were archived.
const FIND = {
  name: "own-messages",
  text: `WITH page AS MATERIALIZED (
      SELECT sender_id, ${COLUMNS.join(", ")} FROM messages WHERE chat_id = $1 AND seq > $2 AND seq <= $3 ORDER BY seq
    )
    SELECT there.count AS there, ${COLUMNS.map((name) => `own.${name}`).join(", ")} FROM (SELECT count(*)::int FROM page) there
    LEFT JOIN (SELECT * FROM page WHERE sender_id = $4) own ON true ORDER BY own.seq`,
};

/** The first and the last number of some messages that follow each other. */
type Range = [first: number, last: number];

/** Where the reading of a person's messages stands: within a chat, or between two. */
interface Place {
  /** All chats up to this one are done. */
  after?: string;
  /** The chat that is being read: first its archive, then what was not there. */
  chat?: FoundChat;
  archivedUpTo?: number;
  /** What its archive had when it was read, in order: nothing of that is told again, should it come back. */
  told?: Range[];
  upTo?: number;
}

/** Everything that a person wrote, the archive included, and what they reacted with to what is archived. */
export const readMessages: ReadSection = async (engine, { userId, after }) => {
  const place = after === undefined ? {} : (JSON.parse(after) as Place);
  const { chat } = place;
  if (chat === undefined) return readNextChat(engine, { userId, place });
  if (chat.hasArchive && place.archivedUpTo !== LAST) return readSegment(engine, { userId, place, chat });
  return readRows(engine, { userId, place, chat });
};

const LAST = 2_147_483_647;

interface Reading {
  userId: string;
  place: Place;
}

async function readNextChat(engine: Engine, { userId, place }: Reading): Promise<ExportPage> {
  const { chats, next } = await chatsOfPerson({ engine, userId }, place.after);
  const chat = chats.find(({ hasArchive, isTheirs }) => hasArchive || isTheirs);
  if (chat !== undefined) return goOn([], { ...place, chat });
  return next === null ? { rows: [], next: null } : goOn([], { after: next });
}

async function readSegment(
  engine: Engine,
  { userId, place, chat }: Reading & { chat: FoundChat },
): Promise<ExportPage> {
  for await (const { firstSeq, lastSeq, text } of segmentsOf(engine, chat.id, place.archivedUpTo)) {
    const next = { ...place, archivedUpTo: lastSeq, told: withRange(place.told, [firstSeq, lastSeq]) };
    if (!text.includes(JSON.stringify(userId))) return goOn([], next);
    const { messages, reactions } = segmentRows(text);
    const own = messages.filter((row) => row.sender_id === userId).map(fromSegment);
    const reacted = reactions.filter((row) => row.user_id === userId);
    const also = reacted.map(({ message_id, emoji, created_at }) => ({ message_id, emoji, created_at }));
    return { ...goOn(own, next), also: { section: "reactions", rows: also } };
  }
  return goOn([], { ...place, archivedUpTo: LAST });
}

function withRange(told: readonly Range[] = [], [first, last]: Range): Range[] {
  const before = told.at(-1);
  if (before === undefined || before[1] + 1 < first) return [...told, [first, last]];
  return [...told.slice(0, -1), [before[0], last]];
}

async function readRows(
  engine: Engine,
  { userId, place, chat }: Reading & { chat: FoundChat },
): Promise<ExportPage> {
  const range = nextRange(place, chat);
  if (range === undefined || !chat.isTheirs) return goOn([], { after: chat.id });
  const rows = await readOwn(engine, { userId, chatId: chat.id, range });
  return goOn(rows, { ...place, upTo: range[1] });
}

/** The next messages that have not been told. */
function nextRange({ upTo = 0, told = [] }: Place, { lastSeq }: FoundChat): Range | undefined {
  let first = upTo + 1;
  for (const [from, to] of told) if (from <= first && first <= to) first = to + 1;
  const next = told.find(([from]) => from > first)?.[0] ?? LAST;
  const last = Math.min(first + LOOKED_AT - 1, next - 1, lastSeq);
  return first > last ? undefined : [first, last];
}

async function readOwn(
  engine: Engine,
  { userId, chatId, range: [from, to] }: { userId: string; chatId: string; range: Range },
): Promise<object[]> {
  const { database } = engine;
  const values = [chatId, from - 1, to, userId];
  const { rows } = await guardDatabase(() =>
    database.pool.query<{ there: number; id: string | null }>({ ...FIND, values }),
  );
  if (rows[0]?.there === to - from + 1)
    return rows.flatMap(({ there: _, ...row }) => (row.id === null ? [] : [row]));
  // Some were archived since the archive was read, or are purged.
  const all = await readMessageRange(database, { chatId, from, to });
  return all.filter(({ senderId }) => senderId === userId).map(fromRow);
}

function fromSegment(row: TextRow): object {
  const values = COLUMNS.map((name) => [name, row[name] ?? null] as const);
  const { metadata, seq, ...rest } = Object.fromEntries(values);
  return { ...rest, seq: Number(seq), metadata: JSON.parse(metadata ?? "null") as unknown };
}

/** The same columns. */
function fromRow(row: MessageRow): Record<(typeof COLUMNS)[number], unknown> {
  return {
    id: row.id,
    chat_id: row.chatId,
    seq: row.seq,
    type: row.type,
    content: row.content,
    attachment_url: row.attachmentUrl,
    attachment_type: row.attachmentType,
    metadata: row.metadata,
    reply_to: row.replyTo,
    created_at: row.createdAt,
    edited_at: row.editedAt,
    deleted_at: row.deletedAt,
  };
}

function goOn(rows: readonly object[], place: Place): ExportPage {
  return { rows, next: JSON.stringify(place) };
}
