import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { readSegments } from "./read-segments.js";
import { type OpenedSegment, openSegment } from "./segment-files.js";

/** A chat's archive, segment by segment, with its text, the oldest first. */
export async function* segmentsOf(
  engine: Engine,
  chatId: string,
  after = 0,
): AsyncGenerator<OpenedSegment & { lastSeq: number }> {
  const { prisma, segmentFiles } = engine.database;
  for (let place = after; ; ) {
    const next = await guardDatabase(() =>
      prisma.archiveSegment.findFirst({
        where: { chatId, lastSeq: { gt: place } },
        orderBy: { lastSeq: "asc" },
        select: { lastSeq: true },
      }),
    );
    if (next === null) return;
    const { lastSeq } = next;
    const range = { chatId, from: lastSeq, to: lastSeq };
    const [segment] = await guardDatabase(() => readSegments(prisma, range));
    if (segment !== undefined) {
      const { storageKey, checksum } = segment;
      const text = await openSegment(segmentFiles, { segment, name: `${chatId} -${lastSeq}` });
      yield { lastSeq, storageKey, checksum, text };
    }
    place = lastSeq;
  }
}
