import { type Actor, NOTIFICATION_REASONS, type NotificationReason, ParleyError } from "@parley/contracts";
import type { Engine } from "../engine.js";
import { type PushServiceName, pushServiceOf } from "../notifications/endpoint-policy.js";
import { isPrivileged } from "../policy.js";
import { readByIndex } from "./read-by-index.js";

/** What became of the pushes to one push service. Times in milliseconds. */
export interface ServicePushes {
  service: PushServiceName;
  attempted: number;
  accepted: number;
  gone: number;
  failed: number;
  waiting: number;
  p50: number | null;
  p99: number | null;
  /** The newest answer that was no success. */
  lastStatus: number | null;
}

export interface PushOverview {
  /** From when on deliveries are counted. */
  since: Date;
  byService: ServicePushes[];
  /** From when on notifications are counted. */
  notSentSince: Date;
  /** The most frequent first. */
  notSent: Array<{ reason: NotificationReason; meaning: string; count: number }>;
}

/** Bounds the cost of the numbers, whatever has been sent. */
const SAMPLE = 20_000;

const ORIGINS = `SELECT DISTINCT origin FROM (
      SELECT origin FROM deliveries WHERE claimed_at > $1::timestamptz ORDER BY claimed_at DESC LIMIT ${SAMPLE}
    ) d`;

const BY_SERVICE = `WITH sample AS MATERIALIZED (
      SELECT * FROM deliveries WHERE claimed_at > $1::timestamptz ORDER BY claimed_at DESC LIMIT ${SAMPLE}
    ), named AS MATERIALIZED (
      SELECT d.*, ($3::text[])[array_position($2::text[], d.origin)] AS service FROM sample d
    )
    SELECT coalesce(service, 'other') AS service, count(*) AS attempted, count(*) FILTER (WHERE state = 'accepted') AS accepted,
      count(*) FILTER (WHERE state = 'gone') AS gone, count(*) FILTER (WHERE state = 'claimed') AS waiting,
      count(*) FILTER (WHERE state IN ('refused', 'expired', 'unrenderable')) AS failed,
      percentile_disc(0.5) WITHIN GROUP (ORDER BY latency_ms) FILTER (WHERE state = 'accepted') AS p50,
      percentile_disc(0.99) WITHIN GROUP (ORDER BY latency_ms) FILTER (WHERE state = 'accepted') AS p99,
      (array_agg(status_code ORDER BY claimed_at DESC) FILTER (WHERE status_code NOT BETWEEN 200 AND 299))[1] AS "lastStatus",
      (SELECT count(*) FROM sample) AS sampled, (SELECT min(claimed_at) FROM sample) AS oldest
    FROM named GROUP BY 1 ORDER BY 2 DESC, 1`;

// The ids are in the order of their making.
const NOT_SENT = `WITH sample AS MATERIALIZED (
      SELECT state, reason, created_at FROM notifications WHERE id >= notification_id_floor($1::timestamptz) ORDER BY id DESC LIMIT ${SAMPLE}
    )
    SELECT reason, count(*) AS count, (SELECT count(*) FROM sample) AS sampled, (SELECT min(created_at) FROM sample) AS oldest
    FROM sample WHERE state IN ('suppressed', 'failed', 'cancelled', 'waiting') AND reason IS NOT NULL GROUP BY reason ORDER BY 2 DESC, 1`;

interface Sampled {
  sampled: number;
  oldest: Date;
}

/**
 * Pushes by push service, and why notifications were not pushed, over the last hours: of the newest 20,000 of each, and then it says from
 * when on. Refuses: role_required.
 */
export async function pushOverview(
  engine: Engine,
  { actor, hours }: { actor: Actor; hours: number },
): Promise<PushOverview> {
  if (!isPrivileged(actor)) throw new ParleyError("role_required");
  const from = new Date(engine.clock().getTime() - hours * 3_600_000);
  const read = <Row extends object>(text: string, ...values: unknown[]) =>
    readByIndex<Row>(engine, { text, values });
  const names = (await read<{ origin: string }>(ORIGINS, from)).map(({ origin }) => origin);
  const services = names.map((origin) => pushServiceOf(new URL(origin).hostname));
  const pushes = await read<ServicePushes & Sampled>(BY_SERVICE, from, names, services);
  const notSent = await read<{ reason: string; count: number } & Sampled>(NOT_SENT, from);
  return {
    since: beginOf(pushes, from),
    byService: pushes.map(({ sampled: _, oldest: __, ...service }) => service),
    notSentSince: beginOf(notSent, from),
    notSent: notSent.flatMap(({ reason, count }) =>
      isKnown(reason) ? [{ reason, meaning: NOTIFICATION_REASONS[reason], count }] : [],
    ),
  };
}

/** Where more came than is counted, the numbers begin later than was asked. */
function beginOf([row]: Sampled[], from: Date): Date {
  return row === undefined || row.sampled < SAMPLE ? from : row.oldest;
}

function isKnown(reason: string): reason is NotificationReason {
  return Object.hasOwn(NOTIFICATION_REASONS, reason);
}
