import type { Engine } from "../engine.js";
import { readByIndex } from "./read-by-index.js";

/** What operators see of a person. */
export interface OverseenUser {
  id: string;
  name: string | null;
  role: string;
  /** Counted to `MOST_CHATS`. */
  chats: number;
  blocked: boolean;
  revokedAt: Date | null;
  /** Null also when the time is over. */
  mutedUntil: Date | null;
  mutedReason: string | null;
  /** On legal hold. */
  held: boolean;
  /** To the day. */
  lastSeenAt: Date | null;
}

/** A count has an end, whatever somebody is in. */
const MOST_CHATS = 500;

const READ = `SELECT asked.id, u.name, coalesce(u.role, 'user') AS role, coalesce(a.blocked, false) AS blocked, a.revoked_before AS "revokedAt",
      CASE WHEN a.muted_until > $2::timestamptz THEN a.muted_until END AS "mutedUntil",
      CASE WHEN a.muted_until > $2::timestamptz THEN a.muted_reason END AS "mutedReason",
      EXISTS (SELECT 1 FROM user_holds WHERE user_id = asked.id) AS held, u.updated_at AS "lastSeenAt", c.chats::int AS chats
    FROM unnest($1::text[]) WITH ORDINALITY AS asked(id, place)
    LEFT JOIN LATERAL (SELECT * FROM users WHERE id = asked.id OFFSET 0) u ON true
    LEFT JOIN LATERAL (SELECT * FROM user_access WHERE user_id = asked.id OFFSET 0) a ON true
    CROSS JOIN LATERAL (
      SELECT count(*) AS chats FROM (SELECT left_at FROM members WHERE user_id = asked.id LIMIT ${MOST_CHATS}) m WHERE left_at IS NULL
    ) c
    WHERE u.id IS NOT NULL OR a.user_id IS NOT NULL OR c.chats > 0
    ORDER BY asked.place`;

/** The people of these ids, in their order; without those of whom nothing is known. */
export async function readOverseenUsers(engine: Engine, userIds: readonly string[]): Promise<OverseenUser[]> {
  if (userIds.length === 0) return [];
  return readByIndex<OverseenUser>(engine, { text: READ, values: [userIds, engine.clock()] });
}
