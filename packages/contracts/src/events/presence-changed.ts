/** A user came online, went away or left. */
export interface PresenceChanged {
  name: "presence.changed";
  userId: string;
  status: "online" | "away" | "offline";
  lastSeen: string | null;
}
