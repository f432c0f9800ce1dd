import { integerIdOf } from "../integer-ids.js";

/** Whether somebody is there. Who is away has a live connection, and counts as there. */
export function presentPresence({
  userId,
  status,
  lastSeen,
}: {
  userId: string;
  status: "online" | "away" | "offline";
  lastSeen: string | null;
}) {
  return { user_id: integerIdOf(userId), is_online: status !== "offline", last_seen: lastSeen };
}
