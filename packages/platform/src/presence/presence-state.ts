/** Where a user is, over all of their connections to all nodes. */
export interface PresenceState {
  userId: string;
  status: PresenceStatus;
  /** ISO time: now for someone who is connected, else when the last connection ended; null: never seen. */
  lastSeen: string | null;
}

export type PresenceStatus = "online" | "away" | "offline";
