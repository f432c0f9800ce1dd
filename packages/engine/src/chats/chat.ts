import type { Message } from "@parley/contracts";

/** A chat as the engine hands it out. Times are ISO 8601 in UTC. */
export interface Chat {
  id: string;
  number: number;
  type: "order" | "direct" | "group";
  status: "active" | "closed" | "archived";
  orderId: string | null;
  userId: string | null;
  shopperId: string | null;
  /** The two people of a direct chat or an order's chat; null for a group. */
  pair: readonly [string, string] | null;
  name: string | null;
  createdBy: string;
  memberCount: number;
  lastSeq: number;
  lastRev: number;
  createdAt: string;
  updatedAt: string;
}

/** A chat in somebody's list. */
export interface ChatSummary extends Chat {
  lastMessage: Message | null;
  unreadCount: number;
  mutedUntil: string | null;
}

export interface Person {
  id: string;
  name: string | null;
  avatar: string | null;
}

export interface ChatMember {
  userId: string;
  name: string | null;
  avatar: string | null;
  role: string;
  joinedAt: string;
  /** As the viewer may see them. */
  readSeq: number;
  deliveredSeq: number;
}

/** A chat with everyone in it. */
export interface ChatDetail extends ChatSummary {
  /** `{id, ...latest update}` of the order's chat. */
  order: Record<string, unknown> | null;
  user: Person | null;
  shopper: Person | null;
  members: ChatMember[];
}
