/** What a notification can tell of. */
export const NOTIFICATION_TYPES = [
  "new_message",
  "group_message",
  "order_update",
  "payment",
  "new_order",
  "receipt",
  "system",
  "campaign",
] as const;

export type NotificationType = (typeof NOTIFICATION_TYPES)[number];

/** What a person can want or not want; each type belongs to one. */
export const NOTIFICATION_CATEGORIES = [
  "order_updates",
  "chat_messages",
  "promotional",
  "system_alerts",
] as const;

export type NotificationCategory = (typeof NOTIFICATION_CATEGORIES)[number];

export const NOTIFICATION_STATES = [
  "pending",
  "waiting",
  "due",
  "sent",
  "suppressed",
  "failed",
  "cancelled",
] as const;

export type NotificationState = (typeof NOTIFICATION_STATES)[number];

/** Why a notification waits, or was not or could not be pushed. A closed set. */
export const NOTIFICATION_REASONS = {
  too_old: "What it tells of was too old when it came up, or it had to wait too long.",
  not_member: "The person is not in the chat any more, or has come back to it since.",
  message_deleted: "The messages it tells of were deleted.",
  read: "The messages were read before the push went out.",
  category_off: "The person does not want notifications of this category.",
  chat_muted: "The person has muted the chat.",
  muted: "The person has muted everything.",
  viewing: "The person was looking at the chat.",
  no_subscription: "The person has no device that takes pushes.",
  quiet_hours: "It waits until the person's quiet hours end.",
  other_device: "The person is active on a device, and gets a moment to read it there.",
  rate_limited:
    "The person got as many pushes in a minute as they may; it waits for its turn, for a day at most.",
  expired: "The push service could not be reached in time, or too often not.",
  refused: "The push service refused it.",
  unrenderable:
    "It could not be put into words: its content or a template is broken, and the worker's log says how.",
  campaign_cancelled: "The campaign was cancelled before this one was pushed.",
  gone: "The push service knows none of the person's devices any more; they must subscribe again.",
} as const satisfies Record<string, string>;

export type NotificationReason = keyof typeof NOTIFICATION_REASONS;

/** What can be said about one message and one person: the state of its notification, or why it has none. */
export const EXPLAINED_OUTCOMES = {
  pending: "It has not been decided yet.",
  waiting: "It is to be decided again later.",
  due: "It is being pushed, or waits for its next try.",
  sent: "A push service has taken it.",
  suppressed: "It was not pushed.",
  failed: "No push service has taken it.",
  cancelled: "There was no need for it any more.",
  not_decided: "The message has not been looked at yet.",
  own_message: "People are not told of what they said themselves.",
  not_member: "The person is not in the chat.",
  joined_later: "The person came into the chat after the message.",
  message_deleted: "The message was deleted before anyone was told.",
  not_notified: "Nobody is told of notes about a chat's state.",
  not_recorded: "What became of it is not kept any more.",
} as const satisfies Record<string, string>;

export type ExplainedOutcome = keyof typeof EXPLAINED_OUTCOMES;
