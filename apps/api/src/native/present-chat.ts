import type { ChatDetailShape, ChatShape } from "@parley/contracts";
import type { ChatDetail, ChatMember, ChatSummary, Person } from "@parley/engine";
import { presentMessage } from "./present-message.js";

/** A chat in a list on the native wire. */
export function presentChat(chat: ChatSummary): ChatShape {
  const shape: ChatShape = {
    id: chat.id,
    type: chat.type,
    order_id: chat.orderId,
    user_id: chat.userId,
    shopper_id: chat.shopperId,
    status: chat.status,
    last_seq: chat.lastSeq,
    created_at: chat.createdAt,
    updated_at: chat.updatedAt,
    unread_count: chat.unreadCount,
  };
  if (chat.name !== null) shape.name = chat.name;
  if (chat.lastMessage !== null) shape.last_message = presentMessage(chat.lastMessage);
  if (chat.mutedUntil !== null) shape.muted_until = chat.mutedUntil;
  return shape;
}

/** A chat with everyone in it. */
export function presentChatDetail(chat: ChatDetail): ChatDetailShape {
  return {
    ...presentChat(chat),
    order: chat.order,
    user: presentPerson(chat.user),
    shopper: presentPerson(chat.shopper),
    members: chat.members.map(presentMember),
  };
}

export function presentMember(member: ChatMember): ChatDetailShape["members"][number] {
  const { userId, name, avatar, role, joinedAt, readSeq, deliveredSeq } = member;
  const positions = { read_seq: readSeq, delivered_seq: deliveredSeq };
  return { user_id: userId, ...known({ name, avatar }), role, joined_at: joinedAt, ...positions };
}

function presentPerson(person: Person | null): ChatDetailShape["user"] {
  if (person === null) return null;
  const { id, name, avatar } = person;
  return { id, ...known({ name, avatar }) };
}

function known({ name, avatar }: { name: string | null; avatar: string | null }) {
  return { ...(name === null ? {} : { name }), ...(avatar === null ? {} : { avatar }) };
}
