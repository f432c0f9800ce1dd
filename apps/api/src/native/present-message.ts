import type { Message, MessageShape, Reaction } from "@parley/contracts";

/**
 * A message on the native wire. Runs for every message of every page and broadcast: the object is built once, and fields
 * that say nothing are left out.
 */
export function presentMessage(message: Message): MessageShape {
  const shape: MessageShape = {
    id: message.id,
    chat_id: message.chatId,
    seq: message.seq,
    rev: message.rev,
    sender_id: message.senderId,
    sender_role: message.senderRole,
    content: message.deletedAt === null ? message.content : "",
    type: message.type,
    created_at: message.createdAt,
  };
  if (message.deletedAt === null) addContent(shape, message);
  else shape.deleted_at = message.deletedAt;
  if (message.replyTo !== null) shape.reply_to = message.replyTo;
  if (message.clientId !== null) shape.client_id = message.clientId;
  if (message.editedAt !== null) shape.edited_at = message.editedAt;
  if (message.readAt !== null) shape.read_at = message.readAt;
  return shape;
}

export function presentReactions(reactions: Reaction[]): NonNullable<MessageShape["reactions"]> {
  return reactions.map(({ emoji, count, userIds }) => ({ emoji, count, user_ids: userIds }));
}

function addContent(shape: MessageShape, message: Message): void {
  if (message.attachmentUrl !== null) shape.attachment_url = message.attachmentUrl;
  if (message.attachmentType !== null) shape.attachment_type = message.attachmentType;
  if (message.metadata !== null) shape.metadata = message.metadata;
  if (message.reactions.length > 0) shape.reactions = presentReactions(message.reactions);
}
