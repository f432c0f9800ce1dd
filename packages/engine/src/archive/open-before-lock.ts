import { ParleyError } from "@parley/contracts";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { readSegments, type StoredSegment } from "./read-segments.js";
import { isSameSegment, type OpenedSegment, openSegment } from "./segment-files.js";

/**
 * Reads a segment whose bytes are elsewhere than in Postgres, for who is about to lock its chat; undefined also when somebody rewrote or deleted it
 * meanwhile. Throws archive_unreadable, storage_unavailable.
 */
export async function openBeforeLock(
  engine: Engine,
  { chatId, segment }: { chatId: string; segment: StoredSegment | undefined },
): Promise<OpenedSegment | undefined> {
  if (segment === undefined || segment.storageKey === null) return undefined;
  const { storageKey, checksum, firstSeq, lastSeq } = segment;
  const name = `${chatId} ${firstSeq}-${lastSeq}`;
  try {
    return { storageKey, checksum, text: await openSegment(engine.database.segmentFiles, { segment, name }) };
  } catch (error) {
    // Whoever rewrites a segment removes the object that had its bytes before.
    const isUnreadable = error instanceof ParleyError && error.code === "archive_unreadable";
    if (!isUnreadable || (await isStill(engine, { chatId, segment }))) throw error;
    return undefined;
  }
}

async function isStill(
  engine: Engine,
  { chatId, segment }: { chatId: string; segment: StoredSegment },
): Promise<boolean> {
  const { firstSeq: from, lastSeq: to } = segment;
  const found = await guardDatabase(() => readSegments(engine.database.prisma, { chatId, from, to }));
  return found.some((now) => isSameSegment({ ...segment, text: "" }, now));
}

/** The same of a chat's oldest, or newest, segment. */
export async function openEndBeforeLock(
  engine: Engine,
  { chatId, end }: { chatId: string; end: "oldest" | "newest" },
): Promise<OpenedSegment | undefined> {
  const { prisma } = engine.database;
  const found = await guardDatabase(() =>
    prisma.archiveSegment.findFirst({
      where: { chatId, storageKey: { not: null } },
      orderBy: { lastSeq: end === "oldest" ? "asc" : "desc" },
      select: { lastSeq: true },
    }),
  );
  if (found === null) return undefined;
  const { lastSeq } = found;
  const [segment] = await guardDatabase(() => readSegments(prisma, { chatId, from: lastSeq, to: lastSeq }));
  return openBeforeLock(engine, { chatId, segment });
}
