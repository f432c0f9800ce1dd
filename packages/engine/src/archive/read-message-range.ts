import type { Database } from "../database/database.js";
import { guardDatabase } from "../database/database-failure.js";
import type { Transaction } from "../database/transaction.js";
import type { MessageRow } from "../messages/message-row.js";
import { type ArchivedRow, archivedRow } from "./archived-row.js";
import { openCurrentSegment } from "./open-current-segment.js";
import { readSegments, type StoredSegment } from "./read-segments.js";
import { segmentMessages } from "./segment-codec.js";

export interface MessageRange {
  chatId: string;
  /** Both inclusive. */
  from: number;
  to: number;
}

/**
 * The messages of a chat with these numbers, oldest first, wherever they are: only what `messages` does not have is asked of the archive, and
 * only the segments are unpacked in which the range lies. Purged ones are missing. Throws database_unavailable.
 */
export async function readMessageRange(database: Database, range: MessageRange): Promise<MessageRow[]> {
  const { prisma } = database;
  const hot = await guardDatabase(() => readHot(prisma, range));
  if (isWhole(hot, range)) return hot;
  const segments = await guardDatabase(() => readSegments(prisma, range));
  const { rows: archived } = await unpackRange(database, { segments, range });
  const rows = merge(hot, archived);
  if (isWhole(rows, range)) return rows;
  // Something was restored between the two looks, or is purged.
  for (;;) {
    const found = await guardDatabase(() =>
      prisma.$transaction(
        async (transaction) => ({
          hot: await readHot(transaction, range),
          segments: await readSegments(transaction, range),
        }),
        { isolationLevel: "RepeatableRead" },
      ),
    );
    const unpacked = await unpackRange(database, { segments: found.segments, range });
    if (!unpacked.isOver) return merge(found.hot, unpacked.rows);
  }
}

const isWhole = (rows: readonly MessageRow[], { from, to }: MessageRange) => rows.length === to - from + 1;

/** What was archived between two looks is in both, as it was. */
function merge(hot: readonly MessageRow[], archived: readonly MessageRow[]): MessageRow[] {
  const bySeq = new Map([...archived, ...hot].map((row) => [row.seq, row]));
  return [...bySeq.values()].sort((left, right) => left.seq - right.seq);
}

function readHot(transaction: Transaction, { chatId, from, to }: MessageRange): Promise<MessageRow[]> {
  return transaction.message.findMany({
    where: { chatId, seq: { gte: from, lte: to } },
    orderBy: { seq: "asc" },
  });
}

/** One archived message by its place, if it is there. Throws database_unavailable. */
export async function readArchivedMessage(
  database: Database,
  { chatId, seq }: { chatId: string; seq: number },
): Promise<ArchivedRow | null> {
  const range = { chatId, from: seq, to: seq };
  const segments = await guardDatabase(() => readSegments(database.prisma, range));
  return (await unpackRange(database, { segments, range })).rows[0] ?? null;
}

/** `isOver`: a segment was deleted while it was read, and its messages are elsewhere now, or nowhere. */
async function unpackRange(
  database: Database,
  { segments, range: { chatId, from, to } }: { segments: readonly StoredSegment[]; range: MessageRange },
): Promise<{ rows: ArchivedRow[]; isOver: boolean }> {
  const rows: ArchivedRow[] = [];
  let isOver = false;
  for (const segment of segments) {
    const current = await openCurrentSegment(database, { chatId, segment });
    if (current === undefined) {
      isOver = true;
      continue;
    }
    const { firstSeq } = current.segment;
    const part = { from: from - firstSeq, to: to - firstSeq + 1 };
    rows.push(...segmentMessages(current.text, part).map(archivedRow));
  }
  return { rows, isOver };
}
