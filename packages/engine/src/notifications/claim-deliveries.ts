import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { buildPayload, type PushPayload, topicOf } from "./build-payload.js";
import { MOST_ATTEMPTS } from "./delivery-retries.js";
import { noteUnrenderable } from "./note-unrenderable.js";
import { PUSH_RULES } from "./push-rules.js";
import type { NotificationContent } from "./read-contents.js";
import { readContentsApart } from "./read-contents-apart.js";
import { type DeliveryOutcome, recordDeliveries } from "./record-deliveries.js";
import { languageOf } from "./templates/templates.js";

/** One push to send: a notification to a device. */
export interface ClaimedDelivery {
  notificationId: string;
  subscriptionId: string;
  /** 1 at the first claim; tells it from earlier and later ones. */
  attempt: number;
  endpoint: string;
  p256dh: string;
  auth: string;
  origin: string;
  payload: PushPayload;
  /** How long the push service may keep it. */
  ttlSeconds: number;
  urgency: "low" | "normal" | "high";
  topic: string;
}

export interface ClaimInput {
  notificationIds: readonly string[];
  /** How long nobody else gets these deliveries; one that is not recorded by then is given out again. */
  leaseMs?: number;
  now?: Date;
}

interface Row {
  notificationId: string;
  subscriptionId: string;
  attempt: number;
  endpoint: string;
  p256dh: string;
  auth: string;
  origin: string;
  locale: string | null;
}

const LEASE_MS = 60_000;

const CLAIM = {
  name: "claim-deliveries",
  text: `SELECT notification_id AS "notificationId", subscription_id AS "subscriptionId", attempt, endpoint, p256dh, auth, origin, locale
    FROM claim_deliveries($1::uuid[], $2::timestamptz, $3::interval, $4::interval, $5)`,
};

/**
 * Takes what is to be sent now of these notifications, each delivery for one caller. Leaves out what was read, deleted or left
 * behind meanwhile, what has been accepted already, and what can't be put into words, which fails. Hand every outcome to
 * `recordDeliveries`. Throws database_unavailable; then nothing was claimed, unless the answer to the claim itself was lost.
 */
export async function claimDeliveries(engine: Engine, input: ClaimInput): Promise<ClaimedDelivery[]> {
  const { leaseMs = LEASE_MS, now } = input;
  const notificationIds = [...new Set(input.notificationIds)];
  // Before the claim, which uses up a try: what fails here has cost nothing.
  const contents = await readContentsApart(engine, notificationIds);
  const values = [
    notificationIds,
    now ?? null,
    milliseconds(leaseMs),
    milliseconds(PUSH_RULES.maxAgeMs),
    MOST_ATTEMPTS,
  ];
  const { rows } = await guardDatabase(() => engine.database.pool.query<Row>({ ...CLAIM, values }));
  const broken: Row[] = [];
  const claimed = rows.flatMap((row) => {
    const delivery = render(engine, {
      row,
      content: contents.get(row.notificationId),
      at: now ?? new Date(),
    });
    if (delivery === null) broken.push(row);
    return delivery ?? [];
  });
  await giveUp(engine, broken);
  return claimed;
}

/** One broken text must not cost the others of the claim their lease. null: it can't be put into words. */
function render(
  engine: Engine,
  { row, content, at }: { row: Row; content: NotificationContent | undefined; at: Date },
): ClaimedDelivery | null {
  // Why it could not be read has been said.
  if (content === undefined) return null;
  try {
    return deliveryOf(engine, { row, content, at });
  } catch (error) {
    const { notificationId, locale } = row;
    noteUnrenderable(
      engine,
      { err: error, notificationId, locale },
      "A notification can't be put into words",
    );
    return null;
  }
}

async function giveUp(engine: Engine, broken: Row[]): Promise<void> {
  const outcomes = broken.map(
    (row): DeliveryOutcome => ({ ...row, outcome: "unrenderable", statusCode: null }),
  );
  try {
    await recordDeliveries(engine, { outcomes });
  } catch (error) {
    // Their lease runs out, and the next claim finds them broken again; the others are not to wait for that.
    engine.log.warn({ err: error, deliveries: broken.length }, "Broken notifications could not be given up");
  }
}

function deliveryOf(
  engine: Engine,
  { row, content, at }: { row: Row; content: NotificationContent; at: Date },
): ClaimedDelivery {
  const { locale, ...address } = row;
  const endsAt = content.createdAt.getTime() + PUSH_RULES.maxAgeMs;
  return {
    ...address,
    payload: buildPayload(content, languageOf(engine.templates, locale ?? content.locale)),
    ttlSeconds: Math.max(0, Math.ceil((endsAt - at.getTime()) / 1_000)),
    urgency: urgencyOf(content),
    topic: topicOf(content),
  };
}

function urgencyOf({ type, critical }: NotificationContent): ClaimedDelivery["urgency"] {
  if (type === "campaign") return critical ? "high" : "low";
  const isTalk = type === "new_message" || type === "group_message" || type === "new_order";
  return critical || isTalk ? "high" : "normal";
}

function milliseconds(count: number): string {
  return `${count} milliseconds`;
}
