import { z } from "zod";
import { externalId, textField, timestamp } from "../fields.js";
import { NOTIFICATION_STATES } from "../notification.js";
import { CHAT_STATUSES, CHAT_TYPES } from "./chat-shapes.js";

const at = z.iso.datetime();
const nextCursor = z.string().nullable();

/** What is searched for: the beginning of an id or of a name. */
export const searchText = textField(100).refine((text) => text.trim() !== "", "must not be empty");

const milliseconds = z.number().nullable();

const servicePushes = z
  .object({
    service: z.enum(["fcm", "mozilla", "apple", "windows", "other"]),
    attempted: z.int().meta({ description: "Notifications on devices, each counted once." }),
    accepted: z.int(),
    gone: z.int().meta({ description: "The service knows the device no more; it was removed." }),
    failed: z.int().meta({ description: "Refused, or given up." }),
    waiting: z.int().meta({ description: "Under way, or waiting for their next try." }),
    success_rate: z
      .number()
      .nullable()
      .meta({ description: "Accepted among those accepted or failed; null: there are none." }),
    p50_ms: milliseconds.meta({ description: "From the decision to push to the service's yes." }),
    p99_ms: milliseconds,
    last_status: z.int().nullable().meta({ description: "The newest answer that was no success." }),
  })
  .meta({ id: "ServicePushes" });

export const pushesResult = z.object({
  since: at.meta({
    description: "From when on is counted: the hours asked for, or the newest 20,000 deliveries.",
  }),
  by_service: z.array(servicePushes),
  not_sent_since: at.meta({ description: "The same for `not_sent`, of the newest 20,000 notifications." }),
  not_sent: z.array(z.object({ reason: z.string(), meaning: z.string(), count: z.int() })).meta({
    description: "Notifications that were not pushed, or wait, by reason; the most frequent first.",
  }),
});

export type PushesShape = z.infer<typeof pushesResult>;

const adminChat = {
  id: z.uuid(),
  type: z.enum(CHAT_TYPES),
  title: z.string().nullable(),
  order_id: z.string().nullable(),
  status: z.enum(CHAT_STATUSES),
  members: z.int(),
  messages: z.int().meta({ description: "All that were ever sent." }),
  last_message_at: at.nullable(),
  created_at: at,
  held: z.boolean().meta({ description: "On legal hold." }),
  retention_days: z.int().nullable().meta({ description: "The chat's own; null: as chats of its type." }),
  archived_messages: z.int().meta({ description: "In the list an upper bound: some may have come back." }),
};

export const adminChatShape = z.object(adminChat).meta({ id: "AdminChat" });
export const adminChatPage = z.object({ chats: z.array(adminChatShape), next_cursor: nextCursor });
export type AdminChatShape = z.infer<typeof adminChatShape>;

export const adminChatDetail = z
  .object({
    ...adminChat,
    member_list: z
      .array(
        z.object({
          user_id: z.string(),
          name: z.string().nullable(),
          role: z.string(),
          joined_at: at,
          read_seq: z.int(),
          delivered_seq: z.int(),
        }),
      )
      .meta({ description: "The first 200, in the order of their ids." }),
    archive: z.object({ segments: z.int(), bytes: z.int() }),
  })
  .meta({ id: "AdminChatDetail" });

export type AdminChatDetailShape = z.infer<typeof adminChatDetail>;

const adminUser = {
  id: z.string(),
  name: z.string().nullable(),
  role: z.string(),
  online: z.boolean(),
  chats: z.int().meta({ description: "Counted to 500." }),
  blocked: z.boolean(),
  revoked_at: at.nullable(),
  muted_until: at.nullable().meta({ description: "Null also when the time is over." }),
  muted_reason: z.string().nullable(),
  held: z.boolean(),
  last_seen_at: at.nullable().meta({ description: "To the day." }),
};

export const adminUserShape = z.object(adminUser).meta({ id: "AdminUser" });
export const adminUserPage = z.object({ users: z.array(adminUserShape), next_cursor: nextCursor });
export type AdminUserShape = z.infer<typeof adminUserShape>;

export const adminUserDetail = z
  .object({
    ...adminUser,
    subscriptions: z.array(
      z.object({
        id: z.uuid(),
        service: z.string(),
        created_at: at,
        last_success_at: at.nullable(),
        last_failure: z.object({ at, state: z.string(), status: z.int().nullable() }).nullable(),
      }),
    ),
    recent_notifications: z
      .array(
        z.object({
          id: z.uuid(),
          type: z.string(),
          chat_id: z.uuid().nullable(),
          message_id: z
            .uuid()
            .nullable()
            .meta({ description: "The newest message that it tells of; for GET /v1/notifications/explain." }),
          state: z.enum(NOTIFICATION_STATES),
          reason: z.string().nullable(),
          created_at: at,
        }),
      )
      .meta({ description: "The newest 20." }),
  })
  .meta({ id: "AdminUserDetail" });

export type AdminUserDetailShape = z.infer<typeof adminUserDetail>;

export const muteUserBody = z.strictObject({
  until: timestamp.nullable().meta({ description: "Null lets the person write again." }),
  reason: textField(500),
});

export const muteUserResult = z.object({ user_id: externalId, muted_until: at.nullable() });

export const engagementResult = z.object({
  counted_at: at
    .nullable()
    .meta({ description: "Everything sent before then is counted; null: nothing has been counted yet." }),
  active_users: z
    .object({ day: z.int(), week: z.int(), month: z.int() })
    .meta({ description: "People who wrote today (UTC), in the last 7 days, and in the last 30." }),
  messages_per_day: z
    .array(z.object({ date: z.iso.date(), messages: z.int(), active_users: z.int() }))
    .meta({ description: "Each of the days asked for, the oldest first." }),
  response_time_by_role: z
    .array(
      z.object({ role: z.string(), median_seconds: z.number(), p90_seconds: z.number(), answers: z.int() }),
    )
    .meta({
      description:
        "From the first message that waits for an answer until somebody of another role, this one, writes in the chat. To within 6 %.",
    }),
  busiest_hours: z
    .array(z.array(z.int()))
    .meta({ description: "Messages by weekday and hour: seven lists (Monday first) of 24 numbers, UTC." }),
});

export type EngagementShape = z.infer<typeof engagementResult>;
