import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { readSegments, type StoredSegment } from "./read-segments.js";
import { type OpenedSegment, openSegment } from "./segment-files.js";

/** Reads a segment whose bytes are elsewhere than in Postgres, for who is about to lock its chat. Throws archive_unreadable, storage_unavailable. */
export async function openBeforeLock(
  engine: Engine,
  { chatId, segment }: { chatId: string; segment: StoredSegment | undefined },
): Promise<OpenedSegment | undefined> {
  if (segment === undefined || segment.storageKey === null) return undefined;
  const { storageKey, checksum, firstSeq, lastSeq } = segment;
  const name = `${chatId} ${firstSeq}-${lastSeq}`;
  return { storageKey, checksum, text: await openSegment(engine.database.segmentFiles, { segment, name }) };
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
