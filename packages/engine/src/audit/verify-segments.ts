import { judgeSegment } from "../archive/judge-segment.js";
import { readSegments, type StoredSegment } from "../archive/read-segments.js";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";

/** A segment of the archive that can't be read as it was written. */
export interface SegmentFault {
  chatId: string;
  firstSeq: number;
  rule: "segment_missing" | "segment_spoilt";
}

export interface VerifiedSegments {
  checked: number;
  /** Segments in a storage that this process does not have: not looked at. */
  elsewhere: number;
  faults: SegmentFault[];
  /** Whether all segments have been looked at since the round began; the next run begins another one. */
  isRoundOver: boolean;
}

interface Place {
  chatId: string;
  lastSeq: number;
}

const NEXT = {
  name: "verify-segments",
  text: `SELECT chat_id AS "chatId", last_seq AS "lastSeq" FROM archive_segments
    WHERE (chat_id, last_seq) > ($1::uuid, $2::int) ORDER BY chat_id, last_seq LIMIT $3::int`,
};
const START = "00000000-0000-0000-0000-000000000000";

/**
 * Looks at the next `limit` segments of the archive: reads each from where it is, Postgres or the storage, and compares it with its checksum. Goes on
 * where the last run ended, on whichever worker, round after round; nothing is locked meanwhile. What is restored, purged or rewritten in that moment is
 * no fault. Repairs nothing. Throws storage_unavailable (the next run looks at the same ones), database_unavailable.
 */
export async function verifySegments(
  engine: Engine,
  { limit }: { limit: number },
): Promise<VerifiedSegments> {
  const { pool, prisma } = engine.database;
  const from = await guardDatabase(() => prisma.archiveCheck.findUniqueOrThrow({ where: { id: 1 } }));
  const values = [from.chatId ?? START, from.lastSeq, limit];
  const { rows } = await guardDatabase(() => pool.query<Place>({ ...NEXT, values }));
  const found: VerifiedSegments = { checked: 0, elsewhere: 0, faults: [], isRoundOver: rows.length < limit };
  for (const place of rows) await look(engine, { place, found });
  const last = rows.at(-1);
  const next =
    found.isRoundOver || last === undefined
      ? { chatId: null, lastSeq: 0, roundBeganAt: engine.clock() }
      : { chatId: last.chatId, lastSeq: last.lastSeq };
  // Somebody else was at it, too: the one who was first has said where it goes on.
  const where = { id: 1, chatId: from.chatId, lastSeq: from.lastSeq };
  await guardDatabase(() => prisma.archiveCheck.updateMany({ where, data: next }));
  return found;
}

async function look(
  engine: Engine,
  { place: { chatId, lastSeq }, found }: { place: Place; found: VerifiedSegments },
): Promise<void> {
  const read = async () => {
    const range = { chatId, from: lastSeq, to: lastSeq };
    const [segment] = await guardDatabase(() => readSegments(engine.database.prisma, range));
    return segment?.lastSeq === lastSeq ? segment : undefined;
  };
  for (let segment = await read(), before: StoredSegment | undefined; segment !== undefined; ) {
    const verdict = await judgeSegment(engine, { chatId, segment });
    if (verdict === "sound" || verdict === "elsewhere") {
      if (verdict === "sound") found.checked++;
      else found.elsewhere++;
      return;
    }
    before = segment;
    segment = await read();
    if (segment === undefined || !isSame(before, segment)) continue;
    found.checked++;
    found.faults.push({ chatId, firstSeq: segment.firstSeq, rule: `segment_${verdict}` });
    return;
  }
}

function isSame(left: StoredSegment, right: StoredSegment): boolean {
  return left.storageKey === right.storageKey && Buffer.compare(left.checksum, right.checksum) === 0;
}
