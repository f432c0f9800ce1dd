import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { type Archived, archiveChat } from "./archive-chat.js";
import { purgeChat } from "./purge-chat.js";
import { DAY_MS, type RetentionPolicy } from "./retention.js";

export interface ArchiveDueInput {
  policy: RetentionPolicy;
  /** The `next` of the run before. */
  after?: string | undefined;
  /** Called after each segment, also one that was deleted, with how many messages it had; the next one waits for it. `false` ends the run. */
  afterSegment?: (messages: number) => Promise<boolean>;
}

export interface ArchivedDue extends Archived {
  purged: number;
  /** Of which something was moved or deleted. */
  chats: number;
  /** Chats whose archiving failed; each has been logged, and the others went on. */
  failures: number;
  /** Chats that were seen to be due, and are so still. Further ones, which an interrupted run has not looked at, are not among them. */
  left: number;
  /** Where the next run goes on; undefined: all chats have been looked at. */
  next: string | undefined;
}

const CHATS_PER_PAGE = 500;
const START = "00000000-0000-0000-0000-000000000000";

interface Candidate {
  id: string;
  days: number;
  purgeDays: number;
  toArchive: boolean;
  toPurge: boolean;
}

// One look at the oldest row and the oldest segment of each chat, and none where its retention says never. A chat whose own retention is not less
// than the age of deletion keeps its messages in the archive for as long as other chats of its type; one that is never archived keeps them for ever.
const CANDIDATES = {
  name: "archive-candidates",
  text: `SELECT c.id, c.days, c.purge_days AS "purgeDays", c.days > 0 AND NOT c.legal_hold AND coalesce((
      SELECT m.created_at < $2::timestamptz - make_interval(days => c.days)
      FROM (SELECT created_at FROM messages WHERE chat_id = c.id ORDER BY seq LIMIT 1) m), false) AS "toArchive",
    c.purge_days > 0 AND NOT c.legal_hold AND c.archived_seq > c.purged_seq AND coalesce((
      SELECT s.newest_at < $2::timestamptz - make_interval(days => c.purge_days)
      FROM (SELECT newest_at FROM archive_segments WHERE chat_id = c.id ORDER BY last_seq LIMIT 1) s), false) AS "toPurge"
    FROM (
      SELECT id, legal_hold, archived_seq, purged_seq, coalesce(archive_after_days, type_days) AS days,
        CASE WHEN $3::int = 0 OR archive_after_days = 0 THEN 0
          WHEN archive_after_days >= $3::int THEN archive_after_days + $3::int - type_days ELSE $3::int END AS purge_days
      FROM (
        SELECT *, CASE type WHEN 'order' THEN $4::int WHEN 'direct' THEN $5::int ELSE $6::int END AS type_days
        FROM chats WHERE id > $1::uuid ORDER BY id LIMIT ${CHATS_PER_PAGE} OFFSET 0
      ) typed OFFSET 0
    ) c ORDER BY c.id`,
};

/**
 * Archives what has passed its retention and deletes what has passed the longer one, chat by chat in the order of their ids. Any number may
 * run at once, and a run that was killed is simply run again. Throws database_unavailable.
 */
export async function archiveDue(engine: Engine, input: ArchiveDueInput): Promise<ArchivedDue> {
  const run = {
    segments: 0,
    messages: 0,
    rawBytes: 0,
    storedBytes: 0,
    purged: 0,
    chats: 0,
    failures: 0,
    left: 0,
  };
  let after = input.after ?? START;
  for (;;) {
    const page = await readCandidates(engine, { after, policy: input.policy });
    for (const [place, chat] of page.entries()) {
      const goesOn = await archiveCandidate(engine, { chat, run, ...input });
      // The chat itself again: what is left of it is to be done first.
      if (!goesOn) return { ...run, left: run.left + page.slice(place).filter(isDue).length, next: after };
      after = chat.id;
    }
    if (page.length < CHATS_PER_PAGE) return { ...run, next: undefined };
  }
}

const isDue = ({ toArchive, toPurge }: Candidate) => toArchive || toPurge;

async function readCandidates(
  engine: Engine,
  { after, policy }: { after: string; policy: RetentionPolicy },
): Promise<Candidate[]> {
  const { archiveAfterDays: days, purgeAfterDays } = policy;
  const values = [after, engine.clock(), purgeAfterDays, days.order, days.direct, days.group];
  const { rows } = await guardDatabase(() =>
    engine.database.pool.query<Candidate>({ ...CANDIDATES, values }),
  );
  return rows;
}

/** One chat's trouble must not keep the others from being archived. Returns whether the run goes on. */
async function archiveCandidate(
  engine: Engine,
  { chat, run, afterSegment }: ArchiveDueInput & { chat: Candidate; run: Omit<ArchivedDue, "next"> },
): Promise<boolean> {
  const before = (days: number) => new Date(engine.clock().getTime() - days * DAY_MS);
  const chatId = chat.id;
  const doneBefore = run.messages + run.purged;
  const pace = afterSegment && { afterSegment };
  try {
    if (chat.toPurge) {
      const purged = await purgeChat(engine, { chatId, before: before(chat.purgeDays), ...pace });
      run.purged += purged.messages;
      if (purged.ended === "interrupted") return false;
    }
    if (!chat.toArchive) return true;
    const moved = await archiveChat(engine, { chatId, before: before(chat.days), ...pace });
    run.segments += moved.segments;
    run.messages += moved.messages;
    run.rawBytes += moved.rawBytes;
    run.storedBytes += moved.storedBytes;
    return moved.ended !== "interrupted";
  } catch (error) {
    run.failures++;
    run.left++;
    engine.log.error({ err: error, chatId }, "A chat could not be archived");
    return true;
  } finally {
    if (run.messages + run.purged > doneBefore) run.chats++;
  }
}
