import type { Transaction } from "../database/transaction.js";
import { noteSearchChange } from "../search/note-search-change.js";
import { readDueMessages } from "./due-messages.js";
import { type SegmentRows, segmentRows, segmentText, type TextRow } from "./segment-codec.js";
import { columnTexts, MESSAGE_COLUMNS, REACTION_COLUMNS } from "./segment-columns.js";
import {
  openSegment,
  type PlacedSegment,
  placeSegment,
  type SegmentFiles,
  segmentColumns,
} from "./segment-files.js";

/** What one step of archiving a chat did. */
export interface ArchiveStep {
  messages: number;
  /** Bytes of the rows as text, and compressed. */
  rawBytes: number;
  storedBytes: number;
  /** Where the next step goes on; null: nothing is left to do. */
  next: number | null;
}

const READ_REACTIONS = `SELECT ${columnTexts(REACTION_COLUMNS, "r")}
  FROM (SELECT id FROM messages WHERE chat_id = $1::uuid AND seq BETWEEN $2::int AND $3::int ORDER BY seq OFFSET 0) m
  JOIN reactions r ON r.message_id = m.id`;

const KEEP_NAMES = `INSERT INTO archived_messages (id, chat_id, seq, number, client_key, file_url)
  SELECT id, chat_id, seq, number, CASE WHEN client_id IS NOT NULL THEN archived_client_key(chat_id, sender_id, client_id) END,
    CASE WHEN attachment_url LIKE '/v1/files/%' THEN attachment_url END
  FROM (SELECT * FROM messages WHERE chat_id = $1::uuid AND seq BETWEEN $2::int AND $3::int ORDER BY seq OFFSET 0) m`;

const TAKE_REACTIONS = `DELETE FROM reactions r WHERE r.message_id = ANY (ARRAY(
    SELECT id FROM messages WHERE chat_id = $1::uuid AND seq BETWEEN $2::int AND $3::int ORDER BY seq))
  RETURNING ${columnTexts(REACTION_COLUMNS, "r")}`;

const TAKE_MESSAGES = `DELETE FROM messages m WHERE m.id = ANY (ARRAY(
    SELECT id FROM messages WHERE chat_id = $1::uuid AND seq BETWEEN $2::int AND $3::int ORDER BY seq))
  RETURNING ${columnTexts(MESSAGE_COLUMNS, "m")}`;

/** A segment that is ready to take the place of its rows. */
export interface PreparedSegment {
  placed: PlacedSegment;
  firstSeq: number;
  lastSeq: number;
}

export interface SegmentInput {
  chatId: string;
  before: Date;
  after: number;
  segmentFiles: SegmentFiles;
}

/**
 * Makes a segment of the oldest messages that may go, without a lock; a number or null: nothing may, and where the next look begins. Throws
 * files_unavailable, storage_unavailable, archive_unreadable.
 */
export async function prepareSegment(
  transaction: Transaction,
  input: SegmentInput,
): Promise<PreparedSegment | number | null> {
  const { rows, next } = await readDueMessages(transaction, input);
  const range = rangeOf(rows);
  if (range === undefined) return next;
  const { chatId } = input;
  const [firstSeq, lastSeq] = range;
  const text = segmentText(await withReactions(transaction, { chatId, rows, range }));
  const name = `${chatId} ${firstSeq}-${lastSeq}`;
  return { placed: await placeSegment(input.segmentFiles, { text, name }), firstSeq, lastSeq };
}

/**
 * Puts a prepared segment in the place of its rows. The chat must be locked; "changed": they are not what they were when it was prepared. The rows go
 * only after the segment was read back from where it is and unpacked, and what went is compared with it once more: any difference fails the transaction.
 */
export async function archiveSegment(
  transaction: Transaction,
  input: SegmentInput & { prepared: PreparedSegment },
): Promise<ArchiveStep | "changed"> {
  const { chatId, segmentFiles, prepared } = input;
  const { placed, firstSeq, lastSeq } = prepared;
  const { rows: messages, next } = await readDueMessages(transaction, input);
  const range = rangeOf(messages);
  if (range?.[0] !== firstSeq || range[1] !== lastSeq) return "changed";
  if (segmentText(await withReactions(transaction, { chatId, rows: messages, range })) !== placed.text)
    return "changed";
  const newestAt = new Date(String(messages.at(-1)?.created_at));
  const place = { chatId, firstSeq, lastSeq, messageCount: messages.length, newestAt };
  await transaction.archiveSegment.create({
    data: { ...segmentColumns(placed), ...place },
    select: { lastSeq: true },
  });
  const segment = await transaction.archiveSegment.findUniqueOrThrow({
    where: { chatId_lastSeq: { chatId, lastSeq } },
  });
  const name = `${chatId} ${firstSeq}-${lastSeq}`;
  const kept = segmentRows(await openSegment(segmentFiles, { segment, name, opened: placed }));
  const rangeOfChat = [chatId, firstSeq, lastSeq] as const;
  await transaction.$executeRawUnsafe(KEEP_NAMES, ...rangeOfChat);
  const taken = await takeRows(transaction, rangeOfChat);
  if (segmentText(taken) !== segmentText(kept)) {
    throw new Error(
      `The rows of chat ${chatId} from ${firstSeq} to ${lastSeq} differ from their archive segment; nothing was changed`,
    );
  }
  await noteArchived(transaction, { chatId, lastSeq, messages });
  return { messages: messages.length, rawBytes: placed.rawSize, storedBytes: placed.storedSize, next };
}

function rangeOf(rows: readonly TextRow[]): readonly [number, number] | undefined {
  const [first, last] = [rows[0], rows.at(-1)];
  return first && last && [Number(first.seq), Number(last.seq)];
}

async function withReactions(
  transaction: Transaction,
  { chatId, rows, range }: { chatId: string; rows: TextRow[]; range: readonly [number, number] },
): Promise<SegmentRows> {
  const reactions = await transaction.$queryRawUnsafe<TextRow[]>(READ_REACTIONS, chatId, ...range);
  return { messages: rows, reactions: inOrder(reactions) };
}

async function takeRows(
  transaction: Transaction,
  range: readonly [string, number, number],
): Promise<SegmentRows> {
  const reactions = await transaction.$queryRawUnsafe<TextRow[]>(TAKE_REACTIONS, ...range);
  const messages = await transaction.$queryRawUnsafe<TextRow[]>(TAKE_MESSAGES, ...range);
  return {
    messages: messages.sort((left, right) => Number(left.seq) - Number(right.seq)),
    reactions: inOrder(reactions),
  };
}

function inOrder(reactions: TextRow[]): TextRow[] {
  const keyOf = (row: TextRow) => JSON.stringify([row.message_id, row.emoji, row.user_id]);
  return reactions.sort((left, right) => (keyOf(left) < keyOf(right) ? -1 : 1));
}

/** Without a revision and without a new time: nothing of the chat has changed for anybody. */
async function noteArchived(
  transaction: Transaction,
  { chatId, lastSeq, messages }: { chatId: string; lastSeq: number; messages: TextRow[] },
): Promise<void> {
  const newest = messages
    .map((row) => BigInt(row.changed_xid ?? 0))
    .sort((left, right) => (left < right ? -1 : 1))
    .at(-1);
  await transaction.$executeRaw`
    UPDATE chats SET archived_seq = greatest(archived_seq, ${lastSeq}::int), archived_xid = greatest(archived_xid, ${String(newest)}::xid8)
    WHERE id = ${chatId}::uuid`;
  await noteSearchChange(transaction, { chatId, firstSeq: Number(messages[0]?.seq), lastSeq });
}
