import type { NotificationCategory } from "@parley/contracts";

/** What people want as long as they have said nothing. */
export const STANDARD_PREFERENCES: Readonly<Record<NotificationCategory, boolean>> = {
  order_updates: true,
  chat_messages: true,
  promotional: false,
  system_alerts: true,
};
