import { ParleyError } from "@parley/contracts";
import type { Database } from "../database/database.js";
import { guardDatabase } from "../database/database-failure.js";
import { readSegments, type StoredSegment } from "./read-segments.js";
import { isSameSegment, openSegment } from "./segment-files.js";

export interface CurrentSegment {
  segment: StoredSegment;
  text: string;
}

/**
 * Reads a segment for who holds no lock on its chat. Whoever rewrites one removes the object that had its bytes before: then it is read as it is now.
 * Undefined when it was deleted meanwhile. Throws archive_unreadable, storage_unavailable, database_unavailable.
 */
export async function openCurrentSegment(
  database: Pick<Database, "prisma" | "segmentFiles">,
  { chatId, segment }: { chatId: string; segment: StoredSegment },
): Promise<CurrentSegment | undefined> {
  const { firstSeq: from, lastSeq: to } = segment;
  try {
    const text = await openSegment(database.segmentFiles, { segment, name: `${chatId} ${from}-${to}` });
    return { segment, text };
  } catch (error) {
    if (!(error instanceof ParleyError) || error.code !== "archive_unreadable") throw error;
    const found = await guardDatabase(() => readSegments(database.prisma, { chatId, from, to }));
    const now = found.find(({ lastSeq }) => lastSeq === to);
    if (now === undefined) return undefined;
    if (isSameSegment({ ...segment, text: "" }, now)) throw error;
    return openCurrentSegment(database, { chatId, segment: now });
  }
}
