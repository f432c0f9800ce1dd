import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { openCurrentSegment } from "./open-current-segment.js";
import { readSegments } from "./read-segments.js";
import type { OpenedSegment } from "./segment-files.js";

/** A chat's archive, segment by segment, with its text, the oldest first. */
export async function* segmentsOf(
  engine: Engine,
  chatId: string,
  after = 0,
): AsyncGenerator<OpenedSegment & { firstSeq: number; lastSeq: number }> {
  const { prisma } = engine.database;
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
    const current = segment && (await openCurrentSegment(engine.database, { chatId, segment }));
    if (current !== undefined) {
      const { firstSeq, storageKey, checksum } = current.segment;
      yield { firstSeq, lastSeq, storageKey, checksum, text: current.text };
    }
    place = lastSeq;
  }
}
