import { type Actor, ParleyError } from "@parley/contracts";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";

import { isPrivileged } from "../policy.js";

/** Who writes how much, and how soon people are answered. Days and hours are UTC's. */
export interface Engagement {
  /** Everything sent before is counted; null: nothing has been counted yet. */
  countedAt: Date | null;
  /** People who wrote today, and in the last 7 and 30 days. */
  active: { day: number; week: number; month: number };
  /** Each of the days asked for, the oldest first. */
  days: Array<{ date: string; messages: number; activeUsers: number }>;
  /** The most answers first. */
  answers: Array<{ role: string; medianSeconds: number; p90Seconds: number; answers: number }>;
  /** Seven weekdays (Monday first) of 24 hours. */
  busiestHours: number[][];
}

const DAYS = {
  name: "engagement-days",
  text: `SELECT to_char(g.day, 'YYYY-MM-DD') AS date, coalesce(h.messages, 0)::float8 AS messages, coalesce(d.active_users, 0) AS "activeUsers"
    FROM generate_series($1::date - ($2::int - 1), $1::date, interval '1 day') AS g(day)
    LEFT JOIN LATERAL (SELECT active_users FROM engagement_days WHERE day = g.day::date OFFSET 0) d ON true
    CROSS JOIN LATERAL (SELECT sum(messages) AS messages FROM engagement_hours
      WHERE hour >= (g.day::date)::timestamp AT TIME ZONE 'UTC' AND hour < (g.day::date + 1)::timestamp AT TIME ZONE 'UTC') h
    ORDER BY g.day`,
};

// Who wrote last on a day is counted there alone, so the sum over some days is how many people wrote in them.
const ACTIVE = {
  name: "engagement-active",
  text: `SELECT coalesce(sum(last_users) FILTER (WHERE day = $1::date), 0)::int AS day,
      coalesce(sum(last_users) FILTER (WHERE day > $1::date - 7), 0)::int AS week, coalesce(sum(last_users), 0)::int AS month,
      (SELECT counted_at FROM engagement_progress WHERE id = 1) AS "countedAt"
    FROM engagement_days WHERE day > $1::date - 30 AND day <= $1::date`,
};

const ANSWERS = {
  name: "engagement-answers",
  text: `SELECT role, bucket, sum(answers)::float8 AS answers FROM engagement_answers
    WHERE day > $1::date - $2::int AND day <= $1::date GROUP BY role, bucket ORDER BY role, bucket`,
};

const HOURS = {
  name: "engagement-hours",
  text: `SELECT extract(isodow FROM hour AT TIME ZONE 'UTC')::int AS weekday, extract(hour FROM hour AT TIME ZONE 'UTC')::int AS hour,
      sum(messages)::float8 AS messages
    FROM engagement_hours WHERE hour >= ($1::date - ($2::int - 1))::timestamp AT TIME ZONE 'UTC' GROUP BY 1, 2`,
};

interface Bucket {
  role: string;
  bucket: number;
  answers: number;
}

/** What the roll-up has counted, over the last days. Reads no message. Refuses: role_required. */
export async function readEngagement(
  engine: Engine,
  { actor, days }: { actor: Actor; days: number },
): Promise<Engagement> {
  if (!isPrivileged(actor)) throw new ParleyError("role_required");
  const { pool } = engine.database;
  const today = engine.clock().toISOString().slice(0, 10);
  const [active, perDay, answers, hours] = await guardDatabase(() =>
    Promise.all([
      pool.query<Engagement["active"] & { countedAt: Date | null }>({ ...ACTIVE, values: [today] }),
      pool.query<Engagement["days"][number]>({ ...DAYS, values: [today, days] }),
      pool.query<Bucket>({ ...ANSWERS, values: [today, days] }),
      pool.query<{ weekday: number; hour: number; messages: number }>({ ...HOURS, values: [today, days] }),
    ]),
  );
  const { countedAt = null, ...counts } = active.rows[0] ?? { day: 0, week: 0, month: 0 };
  const busiestHours = Array.from({ length: 7 }, () => Array.from({ length: 24 }, () => 0));
  for (const { weekday, hour, messages } of hours.rows) {
    const row = busiestHours[weekday - 1];
    if (row !== undefined) row[hour] = messages;
  }
  return { countedAt, active: counts, days: perDay.rows, answers: answersByRole(answers.rows), busiestHours };
}

function answersByRole(rows: Bucket[]): Engagement["answers"] {
  const byRole = new Map<string, Bucket[]>();
  for (const row of rows) byRole.set(row.role, [...(byRole.get(row.role) ?? []), row]);
  return [...byRole]
    .map(([role, buckets]) => ({
      role,
      medianSeconds: secondsAt(buckets, 0.5),
      p90Seconds: secondsAt(buckets, 0.9),
      answers: buckets.reduce((sum, { answers }) => sum + answers, 0),
    }))
    .sort((one, other) => other.answers - one.answers);
}

/** The middle of the bucket in which so large a part of the answers has come. */
function secondsAt(buckets: Bucket[], part: number): number {
  const total = buckets.reduce((sum, { answers }) => sum + answers, 0);
  let passed = 0;
  for (const { bucket, answers } of buckets) {
    passed += answers;
    if (passed >= total * part) return Math.round(Math.exp((bucket + 0.5) / 10) * 10) / 10;
  }
  return 0;
}
