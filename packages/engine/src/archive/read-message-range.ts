import type { Database } from "../database/database.js";
import { guardDatabase } from "../database/database-failure.js";
import type { Transaction } from "../database/transaction.js";
import type { MessageRow } from "../messages/message-row.js";
import { type ArchivedRow, archivedRow } from "./archived-row.js";
import { readSegments, type StoredSegment } from "./read-segments.js";
import { segmentRows, unpackSegment } from "./segment-codec.js";

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
  const { from, to } = range;
  const rows = await guardDatabase(() => readHot(database.prisma, range));
  if (rows.length >= to - from + 1) return rows;
  // Once more and together, because a message may have moved either way between two statements.
  const found = await guardDatabase(() =>
    database.prisma.$transaction(
      async (transaction) => {
        const segments = await readSegments(transaction, range);
        return { segments, hot: segments.length === 0 ? rows : await readHot(transaction, range) };
      },
      { isolationLevel: "RepeatableRead" },
    ),
  );
  const archived = await unpackRange(found.segments, range);
  return [...archived, ...found.hot].sort((left, right) => left.seq - right.seq);
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
  return (await unpackRange(segments, range))[0] ?? null;
}

async function unpackRange(
  segments: readonly StoredSegment[],
  { from, to }: { from: number; to: number },
): Promise<ArchivedRow[]> {
  const rows: ArchivedRow[] = [];
  for (const segment of segments) {
    const { messages } = segmentRows(await unpackSegment(segment));
    rows.push(...messages.filter(({ seq }) => Number(seq) >= from && Number(seq) <= to).map(archivedRow));
  }
  return rows;
}
