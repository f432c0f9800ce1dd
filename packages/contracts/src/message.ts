/** What a message can be. People send the first four; the system sends the rest. */
export const MESSAGE_TYPES = [
  "text",
  "image",
  "file",
  "audio",
  "system",
  "order_update",
  "receipt_shared",
] as const;

export type MessageType = (typeof MESSAGE_TYPES)[number];

export const PERSON_MESSAGE_TYPES = [
  "text",
  "image",
  "file",
  "audio",
] as const satisfies readonly MessageType[];

export interface Reaction {
  emoji: string;
  count: number;
  /** The first people who reacted, at most 20. */
  userIds: string[];
}

/** A stored message, as it crosses the bus. Times are ISO 8601 in UTC. */
export interface Message {
  id: string;
  /** The integer name of the message, for the contracts that speak integers. */
  number: number;
  chatId: string;
  seq: number;
  /** The chat's revision at this message's latest change. */
  rev: number;
  senderId: string;
  senderRole: string;
  content: string;
  type: MessageType;
  attachmentUrl: string | null;
  attachmentType: string | null;
  metadata: Record<string, unknown> | null;
  replyTo: string | null;
  reactions: Reaction[];
  clientId: string | null;
  createdAt: string;
  editedAt: string | null;
  deletedAt: string | null;
  /** When the first other member's read position passed the message. */
  readAt: string | null;
}
