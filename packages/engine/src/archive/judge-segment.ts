import { ParleyError } from "@parley/contracts";
import type { Engine } from "../engine.js";
import type { StoredSegment } from "./read-segments.js";
import { segmentMessages } from "./segment-codec.js";
import { ObjectMissing, openSegment } from "./segment-files.js";

/** `elsewhere`: in a storage that this process does not have. */
export type SegmentVerdict = "sound" | "missing" | "spoilt" | "elsewhere";

/** Reads a segment from where it is, and compares it with its checksum and its numbers. Throws storage_unavailable: nothing is known then. */
export async function judgeSegment(
  engine: Engine,
  { chatId, segment }: { chatId: string; segment: StoredSegment },
): Promise<SegmentVerdict> {
  const { segmentFiles } = engine.database;
  const { firstSeq, lastSeq, storageKey } = segment;
  if (storageKey !== null && segmentFiles.storage === undefined) return "elsewhere";
  try {
    const text = await openSegment(segmentFiles, { segment, name: `${chatId} ${firstSeq}-${lastSeq}` });
    const messages = segmentMessages(text, { from: 0, to: Number.POSITIVE_INFINITY });
    const isWhole = messages.every(({ seq }, place) => Number(seq) === firstSeq + place);
    return isWhole && messages.length === lastSeq - firstSeq + 1 ? "sound" : "spoilt";
  } catch (error) {
    if (error instanceof ParleyError && error.code !== "archive_unreadable") throw error;
    return isMissing(error) ? "missing" : "spoilt";
  }
}

function isMissing(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if (cause instanceof ObjectMissing) return true;
  return false;
}
