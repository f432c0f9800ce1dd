import type { NotificationType } from "../notification.js";

/** There is something new in the receiver's list of notifications. */
export interface NotificationCreated {
  name: "notification.created";
  id: string;
  type: NotificationType;
  title: string;
  body: string;
  /** What it is about, by id. */
  data: Record<string, string | number>;
  createdAt: string;
}
