import type { MessageType } from "@parley/contracts";
import type { MessageRow } from "../messages/message-row.js";
import type { TextRow } from "./segment-codec.js";

/** A message as a segment holds it, with what only the engine reads. */
export interface ArchivedRow extends MessageRow {
  digest: string | null;
}

/** Makes of a segment's texts what the database would have handed out. */
export function archivedRow(row: TextRow): ArchivedRow {
  const text = (name: string) => row[name] ?? null;
  const present = (name: string) => row[name] ?? "";
  const json = (name: string): unknown => JSON.parse(row[name] ?? "null");
  return {
    id: present("id"),
    number: Number(row.number),
    chatId: present("chat_id"),
    seq: Number(row.seq),
    rev: Number(row.rev),
    senderId: present("sender_id"),
    senderRole: present("sender_role"),
    type: present("type") as MessageType,
    content: present("content"),
    attachmentUrl: text("attachment_url"),
    attachmentType: text("attachment_type"),
    metadata: json("metadata"),
    replyTo: text("reply_to"),
    reactions: json("reactions"),
    clientId: text("client_id"),
    digest: text("digest"),
    createdAt: present("created_at"),
    editedAt: text("edited_at"),
    deletedAt: text("deleted_at"),
    readAt: text("read_at"),
  };
}
