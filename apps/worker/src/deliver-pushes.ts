import {
  type ClaimedDelivery,
  claimDeliveries,
  type DeliveryOutcome,
  type Engine,
  handOver,
  type RecordedNotification,
  retryDelayMs,
} from "@parley/engine";
import { tracing } from "@parley/platform";
import type { OutcomeRecorder } from "./outcome-recorder.js";
import type { PushOutcome } from "./push/push-outcome.js";
import type { PushSender } from "./push/push-sender.js";

/** What the pushing of notifications works with. */
export interface DeliveryParts {
  engine: Engine;
  sender: PushSender;
  recorder: OutcomeRecorder;
}

/** Somebody has to look first, and mend keys or clock. */
const UNAUTHORISED_RETRY_MS = 300_000;

/**
 * Pushes notifications that are due to their people's devices, each device once, and stores what became of it. Throws database_unavailable
 * when nothing could be claimed.
 */
export async function deliverPushes(
  parts: DeliveryParts,
  input: { notificationIds: readonly string[]; leaseMs: number },
): Promise<void> {
  const claimed = await claimDeliveries(parts.engine, input);
  // What was stored last of a notification holds, whichever of its devices that was.
  const latest = new Map<string, RecordedNotification>();
  const pushed = claimed.map(async (delivery) => {
    for (const one of await pushOne(parts, delivery)) latest.set(one.id, one);
  });
  await Promise.all(pushed);
  const retries = [...latest.values()].flatMap(({ id, nextAt }) =>
    nextAt === null ? [] : [{ id, at: nextAt }],
  );
  const bulk = new Set(claimed.filter(isBulk).map(({ notificationId }) => notificationId));
  handOver(parts.engine, { retries, bulk });
}

function isBulk({ payload }: ClaimedDelivery): boolean {
  return payload.data.type === "campaign";
}

async function pushOne(
  { sender, recorder }: DeliveryParts,
  delivery: ClaimedDelivery,
): Promise<RecordedNotification[]> {
  const { endpoint, p256dh, auth, payload, ttlSeconds, urgency, topic } = delivery;
  const { hostname } = new URL(endpoint);
  const span = { name: "push.send", kind: "client", attributes: { "server.address": hostname } } as const;
  const outcome = await tracing().run(span, async (open) => {
    const found = await sender.send({
      endpoint,
      keys: { p256dh, auth },
      payload: { ...payload },
      ttlSeconds,
      urgency,
      topic,
      class: isBulk(delivery) ? "bulk" : "interactive",
    });
    open.set({ "parley.push.outcome": found.kind });
    return found;
  });
  return recorder.record(asStored(delivery, outcome));
}

function asStored(delivery: ClaimedDelivery, outcome: PushOutcome): DeliveryOutcome {
  const { notificationId, subscriptionId, attempt, p256dh, auth } = delivery;
  return {
    notificationId,
    subscriptionId,
    attempt,
    p256dh,
    auth,
    statusCode: outcome.statusCode ?? null,
    ...whatNow(outcome, attempt),
  };
}

function whatNow(outcome: PushOutcome, attempt: number): Pick<DeliveryOutcome, "outcome" | "retryAfterMs"> {
  if (outcome.kind === "accepted" || outcome.kind === "gone") return { outcome: outcome.kind };
  if (outcome.kind === "unauthorised") {
    // Keys that are refused are refused for all: what waits for better ones must not have used up its tries by then.
    const again = outcome.reason === "keys_refused" ? "held_back" : "retry_later";
    return { outcome: again, retryAfterMs: UNAUTHORISED_RETRY_MS };
  }
  if (outcome.kind !== "retry_later") return { outcome: "refused" };
  const again = outcome.asked ? "retry_later" : "held_back";
  // Another process goes on at once; everything else gets growing pauses, so that the tries last through an outage of hours.
  const isOurs = outcome.reason === "closing";
  const retryAfterMs = isOurs ? outcome.afterMs : Math.max(outcome.afterMs, retryDelayMs(attempt));
  return { outcome: again, retryAfterMs };
}
