import type { NotificationCategory } from "@parley/contracts";
import { CAMPAIGN_RUNS } from "../campaigns/campaign-runs.js";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";

/** What the database says about an undecided notification. */
export interface StoredFacts {
  id: string;
  userId: string;
  chatId: string | null;
  category: NotificationCategory;
  critical: boolean;
  toSeq: number | null;
  messageCount: number;
  waits: number;
  newestAt: Date;
  createdAt: Date;
  now: Date;
  /** And has not been away since what it is about. */
  isMember: boolean;
  readSeq: number | null;
  chatMutedUntil: Date | null;
  hasMessage: boolean;
  /** Part of a campaign. */
  isBulk: boolean;
  mutedUntil: Date | null;
  quietFrom: number | null;
  quietTo: number | null;
  timeZone: string | null;
  /** What was set for its category; null: nothing. */
  wanted: boolean | null;
  hasSubscription: boolean;
  /** Pushes of the last minute, critical ones included. */
  recentPushes: number;
  /** When the first of them were decided, oldest first. */
  oldestPushes: Date[];
  /** The person's notifications that wait for room in the minute, and whose turn is before this one's. */
  ahead: number;
  /** It waits for room itself. */
  wasLimited: boolean;
}

/** These notifications, as far as they are still open; or those whose time has come, the oldest first. */
export type Undecided = { notificationIds: readonly string[] } | { limit: number };

/** Bound what one row asks for, whatever a person is sent. */
const MOST_OLDEST = 100;
const MOST_AHEAD = 1_000;

const NOW = "coalesce($1::timestamptz, statement_timestamp())";

const PUSHED = `FROM (SELECT decided_at FROM notifications r WHERE r.user_id = n.user_id AND r.state IN ('due', 'sent') AND r.decided_at > ${NOW} - interval '1 minute'
      ORDER BY decided_at OFFSET 0) pushed`;

// In the order of turns; those of a campaign that is paused have none.
const AHEAD = `SELECT FROM notifications a WHERE a.user_id = n.user_id AND a.state = 'waiting' AND a.reason = 'rate_limited'
      AND (a.campaign_id IS NOT NULL, a.created_at, a.id) < (n.campaign_id IS NOT NULL, n.created_at, n.id)
      AND (a.campaign_id IS NULL OR EXISTS (SELECT FROM campaigns c WHERE c.id = a.campaign_id AND c.state = 'running'))`;

/**
 * `open` is found before anything is asked about it, and the rest row by row: the planner's idea of how many notifications are open is
 * old when a campaign has just made a hundred thousand of them.
 */
const factsOf = (open: string) => `WITH n AS MATERIALIZED (${open})
  SELECT n.id, n.user_id AS "userId", n.chat_id AS "chatId", n.category, n.critical, n.to_seq AS "toSeq",
    n.message_count AS "messageCount", n.waits, n.newest_at AS "newestAt", n.created_at AS "createdAt", ${NOW} AS now, n.campaign_id IS NOT NULL AS "isBulk",
    m.user_id IS NOT NULL AND (n.message_count = 0 OR m.joined_seq < n.to_seq) AS "isMember", m.read_seq AS "readSeq", m.muted_until AS "chatMutedUntil",
    n.message_count = 0 OR EXISTS (
      SELECT FROM notifiable_messages(n.chat_id, greatest(n.from_seq - 1, m.joined_seq), n.to_seq) x
      WHERE x.author <> n.user_id AND x.category = n.category
    ) AS "hasMessage",
    s.muted_until AS "mutedUntil", s.quiet_from AS "quietFrom", s.quiet_to AS "quietTo", s.time_zone AS "timeZone",
    (s.preferences ->> n.category)::boolean AS wanted,
    EXISTS (SELECT FROM push_subscriptions p WHERE p.user_id = n.user_id) AS "hasSubscription",
    (SELECT count(*) ${PUSHED}) AS "recentPushes", ARRAY(SELECT decided_at ${PUSHED} ORDER BY decided_at LIMIT ${MOST_OLDEST}) AS "oldestPushes",
    (SELECT count(*) FROM (${AHEAD} LIMIT ${MOST_AHEAD}) a) AS ahead,
    n.state = 'waiting' AND n.reason = 'rate_limited' AS "wasLimited"
  FROM n
  LEFT JOIN LATERAL (
    SELECT * FROM members m WHERE m.chat_id = n.chat_id AND m.user_id = n.user_id AND m.left_at IS NULL LIMIT 1
  ) m ON true
  LEFT JOIN LATERAL (SELECT * FROM notification_settings s WHERE s.user_id = n.user_id LIMIT 1) s ON true`;

// Who names them comes when they are due by another clock than the database's.
const NAMED = {
  name: "push-facts-named",
  text: `${factsOf("SELECT * FROM notifications WHERE id = ANY ($2::uuid[])")}
    WHERE (n.state = 'pending' OR n.state = 'waiting' AND n.due_at <= ${NOW} + interval '1 second') AND ${CAMPAIGN_RUNS}
    ORDER BY n.id`,
};

const PAST_DUE = {
  name: "push-facts-due",
  text: factsOf(`SELECT * FROM notifications n WHERE n.state IN ('pending', 'waiting') AND n.due_at <= ${NOW} AND ${CAMPAIGN_RUNS}
    ORDER BY n.due_at LIMIT $2::int`),
};

/** Reads the facts of many notifications in one statement. `now` replaces the database's clock. */
export async function readPushFacts(
  engine: Engine,
  input: { which: Undecided; now?: Date | undefined },
): Promise<StoredFacts[]> {
  const now = input.now ?? null;
  const query =
    "limit" in input.which
      ? { ...PAST_DUE, values: [now, input.which.limit] }
      : { ...NAMED, values: [now, input.which.notificationIds] };
  const { rows } = await guardDatabase(() => engine.database.pool.query<StoredFacts>(query));
  return rows;
}
