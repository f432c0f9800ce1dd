import { type MessageType, ParleyError } from "@parley/contracts";
import { lockArchive } from "../archive/lock-archive.js";
import { removeSegmentObject } from "../archive/remove-segment-object.js";
import { type SegmentRows, segmentRows, segmentText, type TextRow } from "../archive/segment-codec.js";
import {
  isSameSegment,
  type OpenedSegment,
  openSegment,
  type PlacedSegment,
  placeSegment,
  segmentColumns,
} from "../archive/segment-files.js";
import { segmentsOf } from "../archive/segments-of.js";
import type { Transaction } from "../database/transaction.js";
import type { Engine } from "../engine.js";
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
  for await (const segment of segmentsOf(erasure.engine, chat.id)) {
    if (!chat.isCustomer && !erasure.mentions.maybeIn(segment.text)) continue;
    // Where they never were, a word that they are called means something else, such as "order".
    if (!chat.isTheirs && !segment.text.includes(JSON.stringify(erasure.userId).slice(1, -1))) continue;
    await eraseSegment(erasure, { chat, segment });
  }
}

type FoundSegment = OpenedSegment & { lastSeq: number };

/** How often a segment is read anew because somebody rewrote it meanwhile. */
const MOST_TRIES = 3;

async function eraseSegment(
  erasure: Erasure,
  { chat, segment: first }: { chat: ArchivedChat; segment: FoundSegment },
): Promise<void> {
  const { engine } = erasure;
  let segment: FoundSegment | undefined = first;
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const now = engine.clock().toISOString();
    const redacted = redactRows(erasure, { rows: segmentRows(segment.text), chat, now });
    if (redacted === null) return;
    const name = `${chat.id} -${segment.lastSeq}`;
    const text = segmentText(redacted.rows);
    const placed = await placeSegment(engine.database.segmentFiles, { text, name });
    const rewriting = { erasure, chat, segment, redacted, placed };
    const done = await rewriteLocked(rewriting).catch(async (error: unknown) => {
      if (error instanceof HeldMeanwhile) await removeSegmentObject(engine, placed.storageKey);
      throw error;
    });
    await removeSegmentObject(engine, done === "rewritten" ? segment.storageKey : placed.storageKey);
    if (done === "busy") throw new ParleyError("overloaded", { retryAfterMs: 1_000 });
    // Restored meanwhile: the next look at the chat's rows finds it there.
    if (done !== "changed") return;
    segment = await readAgain(engine, { chatId: chat.id, lastSeq: segment.lastSeq });
    if (segment === undefined) return;
  }
  throw new ParleyError("overloaded", { retryAfterMs: 1_000 });
}

async function readAgain(
  engine: Engine,
  { chatId, lastSeq }: { chatId: string; lastSeq: number },
): Promise<FoundSegment | undefined> {
  for await (const segment of segmentsOf(engine, chatId, lastSeq - 1))
    return segment.lastSeq === lastSeq ? segment : undefined;
  return undefined;
}

interface Rewriting {
  erasure: Erasure;
  chat: ArchivedChat;
  segment: FoundSegment;
  redacted: Redacted;
  placed: PlacedSegment;
}

function rewriteLocked(rewriting: Rewriting): Promise<"rewritten" | "changed" | "gone" | "busy"> {
  const { erasure, chat } = rewriting;
  return lockArchive(erasure.engine, chat.id, async (transaction, { legal_hold: isHeld }) => {
    if (isHeld) throw new HeldMeanwhile(`the chat ${chat.id} is on legal hold`);
    return rewriteSegment(transaction, rewriting);
  });
}

async function rewriteSegment(
  transaction: Transaction,
  { erasure, chat, segment, redacted, placed }: Rewriting,
): Promise<"rewritten" | "changed" | "gone"> {
  const { segmentFiles } = erasure.engine.database;
  const { lastSeq } = segment;
  const name = `${chat.id} -${lastSeq}`;
  const where = { chatId_lastSeq: { chatId: chat.id, lastSeq } };
  const found = await transaction.archiveSegment.findUnique({
    where,
    select: { checksum: true, storageKey: true },
  });
  if (found === null) return "gone";
  if (!isSameSegment(segment, found)) return "changed";
  await transaction.archiveSegment.update({
    where,
    data: segmentColumns(placed),
    select: { lastSeq: true },
  });
  const kept = await transaction.archiveSegment.findUniqueOrThrow({ where });
  if ((await openSegment(segmentFiles, { segment: kept, name, opened: placed })) !== placed.text)
    throw new Error(
      `The archive of chat ${chat.id} up to ${lastSeq} could not be rewritten; nothing was changed`,
    );
  await forgetNames(transaction, redacted.gone);
  await transaction.$executeRaw`
    UPDATE chats SET archived_xid = pg_current_xact_id(), changed_xid = pg_current_xact_id() WHERE id = ${chat.id}::uuid`;
  await countErased(transaction, erasure, redacted.counts);
  return "rewritten";
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
