import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";

export interface NotificationStats {
  total: number;
  /** Since midnight UTC. */
  today: number;
  activeSubscriptions: number;
  byType: Record<string, number>;
  /** Of the deliveries that were begun lately, the newest 20,000 at most. */
  deliveries: DeliveryStats;
  deliveriesByType: Record<string, DeliveryStats>;
  deliveriesByOrigin: Record<string, DeliveryStats>;
  /** Of campaigns that compare texts. */
  deliveriesByVariant: Record<string, DeliveryStats>;
}

export interface DeliveryStats {
  deliveries: number;
  accepted: number;
  /** Accepted among those that are done; null: none is. */
  successRate: number | null;
  /** From the decision to push until the push service took it; null: none was taken. */
  latencyMs: { p50: number; p95: number; p99: number } | null;
  /** Notifications that were opened, and clicked. */
  opened: number;
  clicked: number;
}

/** Bounds the cost of the numbers, whatever has been sent. */
const SAMPLE = 20_000;

const TOTALS = {
  name: "notification-totals",
  // Hours that are over have been counted by the sweeper; only what came since is counted here.
  text: `WITH times AS (
      SELECT date_trunc('day', coalesce($1::timestamptz, now()), 'UTC') AS today,
        coalesce((SELECT max(hour) + interval '1 hour' FROM notification_totals WHERE type = 'all'), '1970-01-01Z') AS counted
    ), t AS MATERIALIZED (
      SELECT today, notification_id_floor(today) AS today_id, notification_id_floor(counted) AS counted_id FROM times
    ), counts AS (
      SELECT type, sum(count) AS count, sum(count) FILTER (WHERE hour >= t.today) AS today
      FROM notification_totals, t WHERE type <> 'all' GROUP BY type
      UNION ALL
      SELECT type, count(*), count(*) FILTER (WHERE n.id >= t.today_id) FROM t JOIN notifications n ON n.id >= t.counted_id GROUP BY type
    )
    SELECT type, sum(count)::float8 AS count, coalesce(sum(today), 0)::float8 AS today FROM counts GROUP BY type ORDER BY type`,
};

const DELIVERIES = {
  name: "delivery-stats",
  text: `WITH sample AS MATERIALIZED (
      SELECT * FROM deliveries WHERE claimed_at > coalesce($1::timestamptz, now()) - $2::interval ORDER BY claimed_at DESC LIMIT $3::int
    )
    SELECT grouping(n.type, d.origin, n.variant) AS grouping, n.type, d.origin, n.variant, count(*) AS deliveries,
      count(*) FILTER (WHERE d.state = 'accepted') AS accepted, count(*) FILTER (WHERE d.state <> 'claimed') AS done,
      percentile_disc(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY d.latency_ms) FILTER (WHERE d.state = 'accepted') AS latency,
      count(DISTINCT n.id) FILTER (WHERE n.opened_at IS NOT NULL) AS opened,
      count(DISTINCT n.id) FILTER (WHERE n.clicked_at IS NOT NULL) AS clicked
    FROM sample d
    -- One by one: the planner would rather read all that ever was.
    CROSS JOIN LATERAL (SELECT id, type, variant, opened_at, clicked_at FROM notifications WHERE id = d.notification_id LIMIT 1) n
    GROUP BY GROUPING SETS ((), (n.type), (d.origin), (n.variant))`,
};

interface TotalRow {
  type: string;
  count: number;
  today: number;
}

interface DeliveryRow {
  /** A bit for each of type, origin and variant that the row is not grouped by. */
  grouping: number;
  type: string | null;
  origin: string | null;
  variant: string | null;
  deliveries: number;
  accepted: number;
  done: number;
  latency: Array<number | null> | null;
  opened: number;
  clicked: number;
}

const BY_TYPE = 0b011;
const BY_ORIGIN = 0b101;
const BY_VARIANT = 0b110;
const OVER_ALL = 0b111;

/** Numbers for operators, over all time and (deliveries) over the last hours. */
export async function notificationStats(
  engine: Engine,
  input: { hours: number; now?: Date },
): Promise<NotificationStats> {
  const { pool, prisma } = engine.database;
  const now = input.now ?? null;
  const [totals, deliveries, activeSubscriptions] = await guardDatabase(() =>
    Promise.all([
      pool.query<TotalRow>({ ...TOTALS, values: [now] }),
      pool.query<DeliveryRow>({ ...DELIVERIES, values: [now, `${input.hours} hours`, SAMPLE] }),
      prisma.pushSubscription.count(),
    ]),
  );
  const { rows } = deliveries;
  const over = rows.find(({ grouping }) => grouping === OVER_ALL);
  return {
    total: totals.rows.reduce((sum, row) => sum + row.count, 0),
    today: totals.rows.reduce((sum, row) => sum + row.today, 0),
    activeSubscriptions,
    byType: Object.fromEntries(totals.rows.map((row) => [row.type, row.count])),
    deliveries: statsOf(over),
    deliveriesByType: statsBy(rows, { grouping: BY_TYPE, key: "type" }),
    deliveriesByOrigin: statsBy(rows, { grouping: BY_ORIGIN, key: "origin" }),
    deliveriesByVariant: statsBy(rows, { grouping: BY_VARIANT, key: "variant" }),
  };
}

function statsBy(
  rows: DeliveryRow[],
  by: { grouping: number; key: "type" | "origin" | "variant" },
): Record<string, DeliveryStats> {
  const entries = rows.flatMap((row) => {
    const name = row[by.key];
    return row.grouping === by.grouping && name !== null ? [[name, statsOf(row)] as const] : [];
  });
  return Object.fromEntries(entries);
}

function statsOf(row: DeliveryRow | undefined): DeliveryStats {
  const { deliveries = 0, accepted = 0, done = 0, opened = 0, clicked = 0, latency = null } = row ?? {};
  const [p50, p95, p99] = latency ?? [];
  return {
    deliveries,
    accepted,
    successRate: done === 0 ? null : accepted / done,
    latencyMs: p50 == null || p95 == null || p99 == null ? null : { p50, p95, p99 },
    opened,
    clicked,
  };
}
