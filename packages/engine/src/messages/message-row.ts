import type { Message, MessageType, Reaction } from "@parley/contracts";

/** Prisma hands out dates, JSON made by Postgres has text. */
type StoredTime = Date | string;

/** A message as Prisma and the hot statements read it. */
export interface MessageRow {
  id: string;
  number: bigint | number;
  chatId: string;
  seq: number;
  rev: number;
  senderId: string;
  senderRole: string;
  type: MessageType;
  content: string;
  attachmentUrl: string | null;
  attachmentType: string | null;
  metadata: unknown;
  replyTo: string | null;
  reactions: unknown;
  clientId: string | null;
  createdAt: StoredTime;
  editedAt: StoredTime | null;
  deletedAt: StoredTime | null;
  readAt: StoredTime | null;
}

/** Turns a stored row into the message that crosses the bus. */
export function messageFromRow(row: MessageRow): Message {
  return {
    id: row.id,
    number: Number(row.number),
    chatId: row.chatId,
    seq: row.seq,
    rev: row.rev,
    senderId: row.senderId,
    senderRole: row.senderRole,
    content: row.content,
    type: row.type,
    attachmentUrl: row.attachmentUrl,
    attachmentType: row.attachmentType,
    metadata: row.metadata as Message["metadata"],
    replyTo: row.replyTo,
    reactions: (row.reactions as Reaction[] | null) ?? [],
    clientId: row.clientId,
    createdAt: isoTime(row.createdAt),
    editedAt: row.editedAt && isoTime(row.editedAt),
    deletedAt: row.deletedAt && isoTime(row.deletedAt),
    readAt: row.readAt && isoTime(row.readAt),
  };
}

function isoTime(time: StoredTime): string {
  return (typeof time === "string" ? new Date(time) : time).toISOString();
}
