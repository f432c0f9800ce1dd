import { segmentRows, type TextRow } from "../archive/segment-codec.js";
import { segmentsOf } from "../archive/segments-of.js";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { chatsOfPerson, type FoundChat } from "../erasure/chats-of-person.js";
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

const FIND = {
  name: "own-messages",
  text: `SELECT ${COLUMNS.join(", ")} FROM (SELECT * FROM messages WHERE chat_id = $1 AND seq > $2 AND seq <= $3 ORDER BY seq OFFSET 0) m
    WHERE sender_id = $4 ORDER BY seq`,
};

/** Where the reading of a person's messages stands: within a chat, or between two. */
interface Place {
  /** All chats up to this one are done. */
  after?: string;
  /** The chat that is being read: first its archive, then its rows. */
  chat?: FoundChat;
  archivedUpTo?: number;
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
  for await (const { lastSeq, text } of segmentsOf(engine, chat.id, place.archivedUpTo)) {
    const next = { ...place, archivedUpTo: lastSeq };
    if (!text.includes(JSON.stringify(userId))) return goOn([], next);
    const { messages, reactions } = segmentRows(text);
    const own = messages.filter((row) => row.sender_id === userId).map(messageOf);
    const reacted = reactions.filter((row) => row.user_id === userId);
    const also = reacted.map(({ message_id, emoji, created_at }) => ({ message_id, emoji, created_at }));
    return { ...goOn(own, next), also: { section: "reactions", rows: also } };
  }
  return goOn([], { ...place, archivedUpTo: LAST });
}

async function readRows(
  engine: Engine,
  { userId, place, chat }: Reading & { chat: FoundChat },
): Promise<ExportPage> {
  const from = place.upTo ?? 0;
  if (from >= chat.lastSeq || !chat.isTheirs) return goOn([], { after: chat.id });
  const values = [chat.id, from, from + LOOKED_AT, userId];
  const { rows } = await guardDatabase(() => engine.database.pool.query<object>({ ...FIND, values }));
  return goOn(rows, { ...place, upTo: from + LOOKED_AT });
}

function messageOf(row: TextRow): object {
  const values = COLUMNS.map((name) => [name, row[name] ?? null] as const);
  const { metadata, seq, ...rest } = Object.fromEntries(values);
  return { ...rest, seq: Number(seq), metadata: JSON.parse(metadata ?? "null") as unknown };
}

function goOn(rows: readonly object[], place: Place): ExportPage {
  return { rows, next: JSON.stringify(place) };
}
