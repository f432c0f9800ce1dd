import type { NotificationReason } from "@parley/contracts";

/** What was not pushed for one of these is not shown in the person's list either: they have seen it, do not want it, or may not know it. */
export const UNLISTED_REASONS: ReadonlySet<NotificationReason> = new Set([
  "viewing",
  "read",
  "category_off",
  "chat_muted",
  "muted",
  "not_member",
  "message_deleted",
]);
