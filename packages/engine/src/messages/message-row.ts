import type { Message, MessageType, Reaction } from "@parley/contracts";

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
  createdAt: Date;
  editedAt: Date | null;
  deletedAt: Date | null;
  readAt: Date | null;
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
    createdAt: row.createdAt.toISOString(),
    editedAt: row.editedAt?.toISOString() ?? null,
    deletedAt: row.deletedAt?.toISOString() ?? null,
    readAt: row.readAt?.toISOString() ?? null,
  };
}
