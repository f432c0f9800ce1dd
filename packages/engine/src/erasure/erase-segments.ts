import { randomUUID } from "node:crypto";
import { type MessageType, ParleyError } from "@parley/contracts";
import { lockArchive } from "../archive/lock-archive.js";
import { removeSegmentObject } from "../archive/remove-segment-object.js";
import {
  packSegment,
  type SegmentRows,
  segmentRows,
  segmentText,
  type TextRow,
} from "../archive/segment-codec.js";
import { openSegment, placeSegment } from "../archive/segment-files.js";
import { segmentsOf } from "../archive/segments-of.js";
import type { Transaction } from "../database/transaction.js";
import { releaseFiles } from "./erase-messages.js";
import { type Counts, countErased, type Erasure, HeldMeanwhile } from "./erasure.js";
import { redactMessage } from "./redact-message.js";
import { summariseArchived } from "./summarise-archived.js";

interface ArchivedChat {
  id: string;
  isCustomer: boolean;
  isTheirs: boolean;
}

/**
 * Takes a person out of a chat's archive: each segment that has anything of them is unpacked, rewritten, packed, and read back, in a
 * transaction of its own. Members who catch up begin anew. Throws HeldMeanwhile, overloaded, database_unavailable.
 */
export async function eraseSegments(erasure: Erasure, chat: ArchivedChat): Promise<void> {
  for await (const { lastSeq, text } of segmentsOf(erasure.engine, chat.id)) {
    if (!chat.isCustomer && !erasure.mentions.maybeIn(text)) continue;
    // Where they never were, a word that they are called means something else, such as "order".
    if (!chat.isTheirs && !text.includes(JSON.stringify(erasure.userId).slice(1, -1))) continue;
    if (redactRows(erasure, { rows: segmentRows(text), chat, now: "" }) === null) continue;
    const done = await lockArchive(erasure.engine, chat.id, async (transaction, { legal_hold: isHeld }) => {
      if (isHeld) throw new HeldMeanwhile(`the chat ${chat.id} is on legal hold`);
      return rewriteSegment(transaction, { erasure, chat, lastSeq });
    });
    if (done === "busy") throw new ParleyError("overloaded", { retryAfterMs: 1_000 });
    await removeSegmentObject(erasure.engine, done);
  }
}

interface Place {
  erasure: Erasure;
  chat: ArchivedChat;
  lastSeq: number;
}

/** The object of the storage that had the bytes before, if there was one. */
async function rewriteSegment(
  transaction: Transaction,
  { erasure, chat, lastSeq }: Place,
): Promise<string | null> {
  const { segmentFiles } = erasure.engine.database;
  const name = `${chat.id} -${lastSeq}`;
  const where = { chatId_lastSeq: { chatId: chat.id, lastSeq } };
  const segment = await transaction.archiveSegment.findUnique({ where });
  // Restored meanwhile: the next look at the chat's rows finds it there.
  if (segment === null) return null;
  const rows = segmentRows(await openSegment(segmentFiles, { segment, name }));
  const now = erasure.engine.clock().toISOString();
  const redacted = redactRows(erasure, { rows, chat, now });
  if (redacted === null) return null;
  const text = segmentText(redacted.rows);
  const packed = await packSegment(text);
  const placed = await placeSegment(segmentFiles, { packed, id: randomUUID() });
  // Prisma wants bytes that are nobody else's.
  const bytes = { checksum: Uint8Array.from(packed.checksum), data: Uint8Array.from(placed.data) };
  await transaction.archiveSegment.update({
    where,
    data: { ...packed, ...bytes, storageKey: placed.storageKey, storedSize: packed.data.length },
    select: { lastSeq: true },
  });
  const kept = await transaction.archiveSegment.findUniqueOrThrow({ where });
  if ((await openSegment(segmentFiles, { segment: kept, name })) !== text)
    throw new Error(
      `The archive of chat ${chat.id} up to ${lastSeq} could not be rewritten; nothing was changed`,
    );
  await forgetNames(transaction, redacted.gone);
  await transaction.$executeRaw`
    UPDATE chats SET archived_xid = pg_current_xact_id(), changed_xid = pg_current_xact_id() WHERE id = ${chat.id}::uuid`;
  await countErased(transaction, erasure, redacted.counts);
  return segment.storageKey;
}

/** By which archived messages were found that are gone: their files, and their client ids. */
async function forgetNames(transaction: Transaction, gone: readonly TextRow[]): Promise<void> {
  const ids = gone.map(({ id }) => id ?? "");
  await transaction.$executeRaw`
    UPDATE archived_messages SET client_key = NULL, file_url = NULL WHERE id = ANY (${ids}::uuid[])`;
  await releaseFiles(
    transaction,
    gone.map((row) => row.attachment_url ?? null),
  );
}

interface Redacted {
  rows: SegmentRows;
  gone: TextRow[];
  counts: Counts;
}

/** Null: nothing in the segment has to do with the person. */
function redactRows(
  erasure: Erasure,
  { rows, chat, now }: { rows: SegmentRows; chat: ArchivedChat; now: string },
): Redacted | null {
  const { userId } = erasure;
  const gone: TextRow[] = [];
  let rewritten = 0;
  const redactRow = (row: TextRow): TextRow => {
    const redaction = redactMessage(erasure, { message: messageOf(row), isCustomer: chat.isCustomer });
    if (redaction === null) return row;
    if (redaction.kind === "rewrite") {
      rewritten++;
      const { senderId, content, metadata = row.metadata ?? null } = redaction;
      const own = row.sender_id === userId ? { client_id: null, digest: null } : {};
      return { ...row, ...own, sender_id: senderId, content, metadata };
    }
    gone.push(row);
    return { ...row, ...TOMBSTONE, sender_id: erasure.pseudonym, deleted_at: row.deleted_at ?? now };
  };
  const messages = rows.messages.map(redactRow);
  const lost = new Set(gone.map(({ id }) => id));
  const reactions = rows.reactions.filter((row) => row.user_id !== userId && !lost.has(row.message_id));
  const taken = rows.reactions.length - reactions.length;
  const summarised = messages.map((row) => summariseArchived(row, { reactions, userId }));
  const isSame = gone.length + rewritten + taken === 0 && summarised.every((row, at) => row === messages[at]);
  if (isSame) return null;
  const counts = { archived_messages: gone.length, messages_of_the_platform: rewritten, reactions: taken };
  return { rows: { messages: summarised, reactions }, gone, counts };
}

const TOMBSTONE = {
  content: "",
  attachment_url: null,
  attachment_type: null,
  metadata: null,
  reactions: null,
  client_id: null,
  digest: null,
} as const;

function messageOf(row: TextRow) {
  return {
    senderId: row.sender_id ?? "",
    type: row.type as MessageType,
    content: row.content ?? "",
    metadata: row.metadata ?? null,
  };
}
