import type { Transaction } from "../database/transaction.js";
import type { KeptSegment } from "./segment-files.js";

export interface StoredSegment extends KeptSegment {
  firstSeq: number;
  lastSeq: number;
}

/** Segments that hold any of the numbers from `from` to `to`, oldest first: those that end among them, and the one that ends next behind them. */
export async function readSegments(
  transaction: Transaction,
  { chatId, from, to }: { chatId: string; from: number; to: number },
): Promise<StoredSegment[]> {
  return transaction.$queryRaw<StoredSegment[]>`
    SELECT first_seq AS "firstSeq", last_seq AS "lastSeq", codec, checksum, raw_size AS "rawSize", data, storage_key AS "storageKey"
    FROM (
      (SELECT * FROM archive_segments WHERE chat_id = ${chatId}::uuid AND last_seq BETWEEN ${from}::int AND ${to}::int ORDER BY last_seq)
      UNION ALL
      (SELECT * FROM archive_segments WHERE chat_id = ${chatId}::uuid AND last_seq > ${to}::int ORDER BY last_seq LIMIT 1)
    ) found WHERE first_seq <= ${to}::int ORDER BY last_seq`;
}
