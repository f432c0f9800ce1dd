import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { openCurrentSegment } from "./open-current-segment.js";
import { readSegments, type StoredSegment } from "./read-segments.js";
import type { OpenedSegment } from "./segment-files.js";

/**
 * Reads a segment whose bytes are elsewhere than in Postgres, for who is about to lock its chat; undefined also when somebody deleted it meanwhile. Throws archive_unreadable, storage_unavailable.
 */
export async function openBeforeLock(
  engine: Engine,
  { chatId, segment }: { chatId: string; segment: StoredSegment | undefined },
): Promise<OpenedSegment | undefined> {
  if (segment === undefined || segment.storageKey === null) return undefined;
  const current = await openCurrentSegment(engine.database, { chatId, segment });
  return current && { ...current.segment, text: current.text };
}

/** The same of a chat's oldest, or newest, segment: further ones are not asked for, as theirs may be the storage that fails. */
export async function openEndBeforeLock(
  engine: Engine,
  { chatId, end }: { chatId: string; end: "oldest" | "newest" },
): Promise<OpenedSegment | undefined> {
  const { prisma } = engine.database;
  const found = await guardDatabase(() =>
    prisma.archiveSegment.findFirst({
      where: { chatId },
      orderBy: { lastSeq: end === "oldest" ? "asc" : "desc" },
      select: { lastSeq: true, storageKey: true },
    }),
  );
  if (found === null || found.storageKey === null) return undefined;
  const { lastSeq } = found;
  const [segment] = await guardDatabase(() => readSegments(prisma, { chatId, from: lastSeq, to: lastSeq }));
  return openBeforeLock(engine, { chatId, segment });
}
