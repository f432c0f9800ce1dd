import type { Transaction } from "../database/transaction.js";
import { noteSearchChange } from "../search/note-search-change.js";
import { readSegments, type StoredSegment } from "./read-segments.js";
import { segmentRows } from "./segment-codec.js";
import { insertFromSegment, MESSAGE_COLUMNS, REACTION_COLUMNS } from "./segment-columns.js";
import { isSameSegment, type OpenedSegment, openSegment, type SegmentFiles } from "./segment-files.js";

const PUT_MESSAGES = insertFromSegment("messages", { columns: MESSAGE_COLUMNS, table: "messages" });
const PUT_REACTIONS = insertFromSegment("reactions", { columns: REACTION_COLUMNS, table: "reactions" });

/** The segment's bytes are elsewhere than in Postgres, and were not read before its chat was locked. */
export class SegmentElsewhere extends Error {
  readonly segment: StoredSegment;

  constructor(segment: StoredSegment) {
    super("A segment has to be read before its chat is locked");
    this.segment = segment;
  }
}

export interface RestoreInput {
  chatId: string;
  segmentFiles: SegmentFiles;
  /** What was read before the chat was locked. */
  opened?: OpenedSegment | undefined;
}

/**
 * Puts the segment that holds an archived message back into its chat, which must be locked. Returns false where there is no such message. Throws
 * SegmentElsewhere when its bytes have to be read first.
 */
export async function restoreSegmentOf(
  transaction: Transaction,
  input: RestoreInput & { messageId: string },
): Promise<boolean> {
  const { chatId, messageId, segmentFiles, opened } = input;
  const known = await transaction.archivedMessage.findUnique({ where: { id: messageId } });
  if (known === null || known.chatId !== chatId) return false;
  const [segment] = await readSegments(transaction, { chatId, from: known.seq, to: known.seq });
  if (segment === undefined) return false;
  const isHere = segment.storageKey === null || (opened !== undefined && isSameSegment(opened, segment));
  if (!isHere) throw new SegmentElsewhere(segment);
  await restoreSegment(transaction, { chatId, segment, segmentFiles, opened });
  return true;
}

/** Puts one segment's rows back as they were, and takes the segment away; an object that held its bytes goes with the sweep of the storage. The chat must be locked. Returns how many messages it held. */
export async function restoreSegment(
  transaction: Transaction,
  input: RestoreInput & { segment: StoredSegment },
): Promise<number> {
  const { chatId, segment, segmentFiles, opened } = input;
  const { firstSeq, lastSeq } = segment;
  const name = `${chatId} ${firstSeq}-${lastSeq}`;
  const text = await openSegment(segmentFiles, { segment, name, opened });
  const { messages } = segmentRows(text);
  const put = await transaction.$executeRawUnsafe(PUT_MESSAGES, text);
  if (put !== messages.length)
    throw new Error(`An archive segment of chat ${chatId} did not come back whole`);
  await transaction.$executeRawUnsafe(PUT_REACTIONS, text);
  const ids = messages.map(({ id }) => id ?? "");
  await transaction.$executeRaw`DELETE FROM archived_messages WHERE id = ANY (${ids}::uuid[])`;
  await transaction.archiveSegment.delete({
    where: { chatId_lastSeq: { chatId, lastSeq } },
    select: { lastSeq: true },
  });
  await transaction.$executeRaw`
    UPDATE chats SET archived_seq = greatest(purged_seq, coalesce((
      SELECT last_seq FROM archive_segments WHERE chat_id = ${chatId}::uuid ORDER BY last_seq DESC LIMIT 1), 0))
    WHERE id = ${chatId}::uuid`;
  await noteSearchChange(transaction, { chatId, firstSeq, lastSeq });
  return messages.length;
}
