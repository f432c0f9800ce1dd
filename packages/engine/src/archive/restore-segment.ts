import type { Transaction } from "../database/transaction.js";
import { noteSearchChange } from "../search/note-search-change.js";
import { readSegments, type StoredSegment } from "./read-segments.js";
import { segmentRows } from "./segment-codec.js";
import { insertFromSegment, MESSAGE_COLUMNS, REACTION_COLUMNS } from "./segment-columns.js";
import { openSegment, type SegmentFiles } from "./segment-files.js";

const PUT_MESSAGES = insertFromSegment("messages", { columns: MESSAGE_COLUMNS, table: "messages" });
const PUT_REACTIONS = insertFromSegment("reactions", { columns: REACTION_COLUMNS, table: "reactions" });

/** Puts the segment that holds an archived message back into its chat, which must be locked. Returns false where there is no such message. */
export async function restoreSegmentOf(
  transaction: Transaction,
  { chatId, messageId, segmentFiles }: { chatId: string; messageId: string; segmentFiles: SegmentFiles },
): Promise<boolean> {
  const known = await transaction.archivedMessage.findUnique({ where: { id: messageId } });
  if (known === null || known.chatId !== chatId) return false;
  const [segment] = await readSegments(transaction, { chatId, from: known.seq, to: known.seq });
  if (segment === undefined) return false;
  await restoreSegment(transaction, { chatId, segment, segmentFiles });
  return true;
}

/** Puts one segment's rows back as they were, and takes the segment away; an object that held its bytes goes with the sweep of the storage. The chat must be locked. Returns how many messages it held. */
export async function restoreSegment(
  transaction: Transaction,
  { chatId, segment, segmentFiles }: { chatId: string; segment: StoredSegment; segmentFiles: SegmentFiles },
): Promise<number> {
  const { firstSeq, lastSeq } = segment;
  const text = await openSegment(segmentFiles, { segment, name: `${chatId} ${firstSeq}-${lastSeq}` });
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
