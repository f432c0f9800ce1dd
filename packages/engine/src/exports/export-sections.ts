import type { ReadSection } from "./export-page.js";
import { readMessages } from "./own-messages.js";
import { readAudit, readFiles, readNotifications, readReactions } from "./own-rows.js";
import { readMemberships, readPreferences, readProfile, readSubscriptions } from "./own-settings.js";

/** What an export has, in this order; each is a folder of NDJSON files. */
export const EXPORT_SECTIONS: ReadonlyArray<{ name: string; read: ReadSection }> = [
  { name: "profile", read: readProfile },
  { name: "memberships", read: readMemberships },
  { name: "preferences", read: readPreferences },
  { name: "subscriptions", read: readSubscriptions },
  { name: "messages", read: readMessages },
  { name: "reactions", read: readReactions },
  { name: "notifications", read: readNotifications },
  { name: "audit", read: readAudit },
  { name: "files", read: readFiles },
];
