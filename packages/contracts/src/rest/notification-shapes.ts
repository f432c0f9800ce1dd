import { z } from "zod";
import { clockTime, externalId, languageTag, textField, timestamp, timeZone } from "../fields.js";
import { LIMITS } from "../limits.js";
import {
  EXPLAINED_OUTCOMES,
  type ExplainedOutcome,
  NOTIFICATION_REASONS,
  NOTIFICATION_STATES,
  NOTIFICATION_TYPES,
  type NotificationReason,
} from "../notification.js";

const at = z.iso.datetime();
const reason = z.enum(Object.keys(NOTIFICATION_REASONS) as [NotificationReason, ...NotificationReason[]]);
const outcome = z.enum(Object.keys(EXPLAINED_OUTCOMES) as [ExplainedOutcome, ...ExplainedOutcome[]]);

export const done = z.object({ success: z.literal(true) });

export const subscribeBody = z.object({
  endpoint: z
    .string()
    .min(1)
    .max(LIMITS.urlLength)
    .meta({ description: "Where the browser's push service takes pushes." }),
  keys: z.object({
    p256dh: z.string().max(200).meta({ description: "A point of the curve P-256, 65 bytes as base64url." }),
    auth: z.string().max(100).meta({ description: "16 bytes as base64url." }),
  }),
  locale: languageTag
    .optional()
    .meta({ description: "Language of this device's pushes, where it is not the person's." }),
});

export const subscribeResult = z.object({ success: z.literal(true), message: z.string() });

export const unsubscribeBody = z.object({ endpoint: z.string().min(1).max(LIMITS.urlLength) });

const categories = {
  order_updates: z.boolean(),
  chat_messages: z.boolean(),
  promotional: z.boolean(),
  system_alerts: z.boolean(),
};

const quietHours = z
  .object({ from: clockTime, to: clockTime, time_zone: timeZone })
  .refine(({ from, to }) => from !== to, { path: ["to"], message: "must differ from `from`" });

export const preferencesShape = z
  .object({
    ...categories,
    muted_until: at.nullable().meta({ description: "No pushes at all until then." }),
    quiet_hours: z
      .object({ from: z.string(), to: z.string(), time_zone: z.string() })
      .nullable()
      .meta({ description: "What comes in these hours is pushed when they end, unless it can't wait." }),
    locale: z.string().nullable().meta({ description: "Language of notifications." }),
  })
  .meta({ id: "NotificationPreferences" });

export const preferencesBody = z
  .object({
    ...categories,
    muted_until: timestamp.nullable(),
    quiet_hours: quietHours.nullable(),
    locale: languageTag.nullable(),
  })
  .partial();

export const preferencesResult = preferencesShape.extend({ success: z.literal(true) });

const notificationShape = z
  .object({
    id: z.uuid(),
    type: z.enum(NOTIFICATION_TYPES),
    title: z.string(),
    body: z.string(),
    data: z
      .record(z.string(), z.union([z.string(), z.number()]))
      .meta({ description: "What it is about, by id." }),
    state: z.enum(NOTIFICATION_STATES),
    reason: reason.optional().meta({ description: "Why it was not pushed." }),
    created_at: at,
    opened_at: at.optional(),
    clicked_at: at.optional(),
  })
  .meta({ id: "Notification" });

export const notificationPage = z.object({ notifications: z.array(notificationShape), total: z.int() });

export const orderStatusBody = z.object({
  order_id: externalId,
  status: textField(100).min(1),
  user_id: externalId.optional(),
});

export const paymentUpdateBody = z.object({
  type: z.enum(["authorized", "captured", "failed"]),
  amount: z.number().min(0).max(1e12),
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/, "must be a currency such as EUR")
    .optional(),
  order_id: externalId.optional(),
  user_id: externalId.optional(),
});

const deliveryShape = z.object({
  subscription_id: z.uuid(),
  origin: z.string().meta({ description: "The push service." }),
  state: z.enum(["claimed", "accepted", "gone", "refused", "expired", "unrenderable"]),
  status_code: z.int().optional().meta({ description: "The push service's latest answer." }),
  attempts: z.int().meta({ description: "How often the push service was asked." }),
  held_back: z.int().meta({
    description:
      "How often the push was held back before that: the service had asked to be left alone, or had too many waiting.",
  }),
  latency_ms: z
    .int()
    .optional()
    .meta({ description: "From the decision to push until the push service took it." }),
  claimed_at: at,
  done_at: at.optional(),
});

export const explanationShape = z
  .object({
    message_id: z.uuid(),
    user_id: z.string(),
    outcome,
    reason: reason.optional(),
    explanation: z.string().meta({ description: "Outcome and reason in words." }),
    notification_id: z.uuid().optional(),
    created_at: at.optional(),
    decided_at: at.optional(),
    due_at: at.optional(),
    deliveries: z.array(deliveryShape).meta({ description: "One per device." }),
  })
  .meta({ id: "NotificationExplanation" });

const deliveryStats = z
  .object({
    deliveries: z.int(),
    accepted: z.int(),
    success_rate: z.number().nullable().meta({ description: "Accepted among those that are done." }),
    latency_ms: z
      .object({ p50: z.int(), p95: z.int(), p99: z.int() })
      .nullable()
      .meta({ description: "From the decision to push until the push service took it." }),
    opened: z.int(),
    clicked: z.int(),
  })
  .meta({ id: "DeliveryStats" });

export const notificationStats = z.object({
  total_notifications: z.int(),
  notifications_today: z.int().meta({ description: "Since midnight UTC." }),
  active_subscriptions: z.int(),
  notifications_by_type: z.record(z.string(), z.int()),
  deliveries: deliveryStats.meta({ description: "The newest deliveries of the window, at most 20,000." }),
  deliveries_by_type: z.record(z.string(), deliveryStats),
  deliveries_by_origin: z.record(z.string(), deliveryStats),
  deliveries_by_variant: z.record(z.string(), deliveryStats),
});
