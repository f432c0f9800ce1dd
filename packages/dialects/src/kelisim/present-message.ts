import type { Message, MessageType } from "@parley/contracts";
import type { Reach } from "@parley/engine";
import { integerIdOf } from "../integer-ids.js";
import type { FileShape } from "./present-file.js";

/** How far a message has come. */
export type MessageStatus = "sent" | "delivered" | "read";

export interface MessageShape {
  id: number;
  chat_id: number;
  sender: { id: number; name: string };
  type: MessageType;
  /** Empty when the message is deleted. */
  content: string;
  /** What it has attached. */
  file?: FileShape;
  status: MessageStatus;
  /** The client id, to the sender. */
  temp_id?: string;
  /** Of tombstones. */
  is_deleted?: true;
  created_at: string;
}

/** What a message looks like to somebody. */
export interface MessageView {
  /** Of the chat. */
  number: number;
  senderName: string;
  status: MessageStatus;
  toSender: boolean;
  file?: FileShape | undefined;
}

export function presentMessage(message: Message, view: MessageView): MessageShape {
  const { clientId, senderId } = message;
  return {
    id: message.number,
    chat_id: view.number,
    sender: { id: integerIdOf(senderId), name: view.senderName },
    type: message.type,
    content: message.content,
    ...(view.file === undefined ? {} : { file: view.file }),
    status: view.status,
    ...(view.toSender && clientId !== null ? { temp_id: clientId } : {}),
    ...(message.deletedAt === null ? {} : { is_deleted: true }),
    created_at: message.createdAt,
  };
}

/** To its sender: what has become of a message with the others. To everyone else: whether they have read it themselves. */
export function statusOf(
  { seq, senderId, readAt }: Pick<Message, "seq" | "senderId" | "readAt">,
  { viewerId, reach }: { viewerId: string; reach: Reach },
): MessageStatus {
  if (senderId !== viewerId) return seq <= reach.ownReadSeq ? "read" : "delivered";
  if (readAt !== null || seq <= reach.othersReadSeq) return "read";
  return seq <= reach.othersDeliveredSeq ? "delivered" : "sent";
}
