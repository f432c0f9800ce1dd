import { randomUUID } from "node:crypto";
import { ParleyError } from "@parley/contracts";
import type { Engine } from "../engine.js";
import type { StoredSegment } from "./read-segments.js";
import { segmentMessages } from "./segment-codec.js";
import { ObjectMissing, openSegment } from "./segment-files.js";

/** `elsewhere`: in a storage that this process does not have. */
export type SegmentVerdict = "sound" | "missing" | "spoilt" | "elsewhere";

interface Judged {
  chatId: string;
  segment: StoredSegment;
}

/**
 * Reads a segment from where it is, and compares it with its checksum and its numbers; one that can't be read from a storage that answers is spoilt.
 * Throws storage_unavailable: nothing is known then.
 */
export async function judgeSegment(engine: Engine, judged: Judged): Promise<SegmentVerdict> {
  const { storage } = engine.database.segmentFiles;
  if (judged.segment.storageKey === null) return judge(engine, judged);
  if (storage === undefined) return "elsewhere";
  const look = () =>
    judge(engine, judged).catch((error: unknown) => {
      if (error instanceof ParleyError && error.code === "storage_unavailable") return error;
      throw error;
    });
  const first = await look();
  const verdict = first instanceof ParleyError ? await look() : first;
  if (!(verdict instanceof ParleyError)) return verdict;
  // One object must not keep all others from being looked at.
  await storage.get(`archive-${randomUUID()}`).catch(() => Promise.reject(verdict));
  return "spoilt";
}

async function judge(engine: Engine, { chatId, segment }: Judged): Promise<SegmentVerdict> {
  const { segmentFiles } = engine.database;
  const { firstSeq, lastSeq } = segment;
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
