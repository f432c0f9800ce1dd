import { z } from "zod";
import { externalId, languageTag, metadata, textField, timestamp } from "../fields.js";
import { LIMITS } from "../limits.js";

const CAMPAIGN_STATES = ["scheduled", "running", "paused", "cancelled", "done"] as const;
const CAMPAIGN_CATEGORIES = ["promotional", "system_alerts"] as const;

const at = z.iso.datetime();

// What is misspelt must not be ignored: a filter that is not read reaches everyone, and a time that is not read is now.

/** An address of the web, or a path of the app. */
const place = textField(1_024).regex(/^(https:\/\/|\/(?!\/))\S*$/, "must be an https address or a path");

const words = {
  title: textField(120).refine((text) => text.trim() !== "", "must not be empty"),
  body: textField(300).refine((text) => text.trim() !== "", "must not be empty"),
};

const trimmings = {
  url: place.meta({ description: "Where a tap leads." }),
  icon: place,
  actions: z
    .array(
      z.strictObject({
        action: z.string().regex(/^[a-z][a-z0-9_]{0,31}$/, "must be a name such as view_offer"),
        title: textField(60).min(1),
        icon: place.optional(),
      }),
    )
    .max(3),
  data: metadata.meta({ description: "Handed to the service worker." }),
};

const optionalTrimmings = z.strictObject(trimmings).partial().shape;

const contentBody = z.strictObject({ ...words, ...optionalTrimmings });

const notificationBody = contentBody.extend({
  category: z
    .enum(CAMPAIGN_CATEGORIES)
    .default("promotional")
    .meta({ description: "People want no promotions unless they say so." }),
  critical: z
    .boolean()
    .default(false)
    .meta({ description: "Passes quiet hours and the rate; for the role `system`." }),
});

const variantBody = z.strictObject({
  name: z.string().regex(/^[\w.-]{1,50}$/, "must have letters, digits, `_`, `.` and `-` only"),
  weight: z.number().positive().max(1_000_000),
  notification: z
    .strictObject({ ...words, ...trimmings })
    .partial()
    .meta({ description: "Where it differs from `notification`." }),
});

const segmentBody = z
  .strictObject({
    roles: z.array(externalId).min(1).max(20),
    locales: z.array(languageTag).min(1).max(50).meta({ description: "`pt` includes `pt-BR`." }),
    active_since: timestamp.meta({ description: "Seen since then, to the day." }),
    joined_before: timestamp.meta({ description: "First seen before then." }),
    has_subscription: z.boolean().meta({ description: "Whether they have a device that takes pushes." }),
  })
  .partial()
  .refine((segment) => Object.keys(segment).length > 0, "must say at least one thing about the people");

// Counted before they are looked at: a body of the largest size has room for millions of wrong ids.
const userIds = z
  .array(z.unknown())
  .min(1)
  .max(LIMITS.batchUserIds)
  .meta({ items: { type: "string", minLength: 1, maxLength: LIMITS.idLength } })
  .pipe(z.array(externalId));

const AUDIENCES = ["user_ids", "user_roles", "segment"] as const;

export const sendBatchBody = z
  .strictObject({
    user_ids: userIds.optional(),
    user_roles: z.array(externalId).min(1).max(20).optional(),
    segment: segmentBody.optional(),
    notification: notificationBody,
    variants: z
      .array(variantBody)
      .min(2)
      .max(10)
      .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, "must have different names")
      .optional()
      .meta({ description: "Texts to compare: each person gets one of them, by weight, and keeps it." }),
    send_at: timestamp.optional().meta({ description: "When to begin; at once when it is absent or past." }),
    client_id: externalId.optional().meta({
      description: "Names the batch for ever: the same request again answers with the first batch.",
    }),
  })
  .refine((body) => AUDIENCES.filter((name) => body[name] !== undefined).length === 1, {
    message: `must have exactly one of ${AUDIENCES.join(", ")}`,
  })
  .superRefine(({ notification, variants = [] }, context) => {
    const { category: _, critical: __, ...base } = notification;
    const texts = [
      { path: ["notification"], text: base },
      ...variants.map((variant, index) => ({
        path: ["variants", index, "notification"],
        text: { ...base, ...variant.notification },
      })),
    ];
    for (const { path, text } of texts) {
      if (new TextEncoder().encode(JSON.stringify(text)).byteLength <= LIMITS.batchContentBytes) continue;
      const message = `must have at most ${LIMITS.batchContentBytes} bytes as JSON`;
      context.addIssue({ code: "custom", path, message });
    }
  });

export const sendBatchResult = z.object({ batch_id: z.uuid() });

const contentShape = z
  .object({
    title: z.string(),
    body: z.string(),
    url: z.string().optional(),
    icon: z.string().optional(),
    actions: z
      .array(z.object({ action: z.string(), title: z.string(), icon: z.string().optional() }))
      .optional(),
    data: z.record(z.string(), z.unknown()).optional(),
  })
  .meta({ id: "BatchContent" });

const audienceShape = z
  .object({
    user_count: z.int().optional().meta({ description: "How many people were named." }),
    user_roles: z.array(z.string()).optional(),
    segment: z.record(z.string(), z.unknown()).optional(),
  })
  .meta({ id: "BatchAudience" });

export const batchShape = z
  .object({
    batch_id: z.uuid(),
    state: z.enum(CAMPAIGN_STATES),
    category: z.enum(CAMPAIGN_CATEGORIES),
    critical: z.boolean(),
    audience: audienceShape,
    notification: contentShape,
    variants: z.array(z.object({ name: z.string(), weight: z.number(), notification: contentShape })),
    created_by: z.string(),
    created_at: at,
    send_at: at,
    started_at: at.optional(),
    done_at: at.optional(),
    expanded: z
      .boolean()
      .meta({ description: "Whether all recipients are found; `total` grows until then." }),
    total: z.int().meta({ description: "Recipients found so far." }),
  })
  .meta({ id: "Batch" });

export type BatchShape = z.infer<typeof batchShape>;

const rate = z.number().nullable();

const variantProgress = z.object({
  total: z.int(),
  sent: z.int(),
  opened: z.int(),
  clicked: z.int(),
  delivery_rate: rate.meta({ description: "Sent among all recipients of the variant." }),
  click_rate: rate.meta({ description: "Clicked among those sent." }),
});

export const batchProgressShape = batchShape
  .extend({
    pending: z.int().meta({ description: "Not decided, or not pushed yet." }),
    sent: z.int().meta({ description: "Taken by a push service for at least one device." }),
    failed: z.int(),
    cancelled: z.int(),
    suppressed: z.record(z.string(), z.int()).meta({ description: "Not pushed, by reason." }),
    delivered: z
      .int()
      .meta({ description: "The same as `sent`: push services do not tell what came after." }),
    opened: z.int(),
    clicked: z.int(),
    by_variant: z.record(z.string(), variantProgress),
  })
  .meta({ id: "BatchProgress" });

export type BatchProgressShape = z.infer<typeof batchProgressShape>;

export const batchPage = z.object({ batches: z.array(batchShape), next_cursor: z.string().optional() });
