import type { NotificationState } from "@parley/contracts";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { MOST_ATTEMPTS, retryDelayMs } from "./delivery-retries.js";
import { PUSH_RULES } from "./push-rules.js";

/** What became of a claimed delivery. */
export interface DeliveryOutcome {
  notificationId: string;
  subscriptionId: string;
  /** As claimed. */
  attempt: number;
  /** The keys that were used, as claimed. */
  p256dh: string;
  auth: string;
  /**
   * `accepted`: the push service has taken it. `gone`: it knows the subscription no more, which is removed. `refused`: it won't ever
   * take this push. `unrenderable`: there is nothing to send. `retry_later`: anything that may pass by itself.
   * `held_back`: the push service was not asked, so that this was no try; only the notification's age ends these.
   */
  outcome: "accepted" | "gone" | "refused" | "unrenderable" | "retry_later" | "held_back";
  /** HTTP status; null: there was no answer. */
  statusCode: number | null;
  /** What the push service asked for; a growing delay when left out. */
  retryAfterMs?: number | undefined;
}

export interface RecordedNotification {
  id: string;
  state: NotificationState;
  /** When a delivery of it is to be claimed again; null: it is done. */
  nextAt: Date | null;
}

const RECORD = {
  name: "record-deliveries",
  text: `SELECT notification_id AS id, state, next_at AS "nextAt"
    FROM record_deliveries($1, $2, $3, $4, $5, $6, $7, $8, $9::timestamptz, $10::interval, $11)`,
};

/**
 * Keeps what became of deliveries, and what their notifications have come to; those with `nextAt` are to be delivered again then.
 * Recording twice is harmless. Throws database_unavailable: then the lease runs out and the delivery is tried again.
 */
export async function recordDeliveries(
  engine: Engine,
  input: { outcomes: readonly DeliveryOutcome[]; now?: Date },
): Promise<RecordedNotification[]> {
  const { outcomes, now } = input;
  if (outcomes.length === 0) return [];
  const values = [
    outcomes.map((one) => one.notificationId),
    outcomes.map((one) => one.subscriptionId),
    outcomes.map((one) => one.attempt),
    outcomes.map((one) => one.outcome),
    outcomes.map((one) => one.statusCode),
    outcomes.map((one) => one.retryAfterMs ?? retryDelayMs(one.attempt)),
    outcomes.map((one) => one.p256dh),
    outcomes.map((one) => one.auth),
    now ?? null,
    `${PUSH_RULES.maxAgeMs} milliseconds`,
    MOST_ATTEMPTS,
  ];
  const { rows } = await guardDatabase(() =>
    engine.database.pool.query<RecordedNotification>({ ...RECORD, values }),
  );
  return rows;
}
