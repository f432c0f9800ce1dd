import { type Actor, ParleyError } from "@parley/contracts";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { isPrivileged } from "../policy.js";
import type { ChatRetention } from "./set-retention.js";

export interface ArchiveStats {
  segments: number;
  messages: number;
  /** Bytes of the rows as text, and compressed. */
  rawBytes: number;
  storedBytes: number;
}

export interface ChatArchive extends ArchiveStats, ChatRetention {
  /** No message after this one is archived; 0: none is. */
  archivedSeq: number;
  /** Messages up to this one are gone for good. */
  purgedSeq: number;
}

const SUMS = `count(*)::int AS segments, coalesce(sum(message_count), 0)::int AS messages,
  coalesce(sum(raw_size), 0)::bigint AS "rawBytes", coalesce(sum(coalesce(stored_size, octet_length(data))), 0)::bigint AS "storedBytes" FROM archive_segments`;

const TOTALS = `SELECT sum(segments)::int AS segments, sum(messages)::bigint AS messages, sum(raw_bytes)::bigint AS "rawBytes",
  sum(stored_bytes)::bigint AS "storedBytes" FROM archive_totals`;

/** What the whole archive holds: sums that are kept with the segments. Throws database_unavailable. */
export async function archiveStats(engine: Engine): Promise<ArchiveStats> {
  const { rows } = await guardDatabase(() => engine.database.pool.query<ArchiveStats>(TOTALS));
  return rows[0] ?? { segments: 0, messages: 0, rawBytes: 0, storedBytes: 0 };
}

/** What is archived of a chat, and by which retention. Refuses: role_required, chat_not_found. */
export async function chatArchive(
  engine: Engine,
  { actor, chatId }: { actor: Actor; chatId: string },
): Promise<ChatArchive> {
  if (!isPrivileged(actor)) throw new ParleyError("role_required");
  const { rows } = await guardDatabase(() =>
    engine.database.pool.query<ChatArchive>(
      `SELECT c.archive_after_days AS "archiveAfterDays", c.legal_hold AS "legalHold", c.archived_seq AS "archivedSeq",
        c.purged_seq AS "purgedSeq", s.* FROM chats c
        CROSS JOIN LATERAL (SELECT ${SUMS} WHERE chat_id = c.id) s WHERE c.id = $1::uuid`,
      [chatId],
    ),
  );
  if (rows[0] === undefined) throw new ParleyError("chat_not_found");
  return rows[0];
}
