import type { ChatMember, ChatSummary } from "@parley/engine";
import { integerIdOf } from "../integer-ids.js";
import type { MessageShape } from "./present-message.js";

export interface ChatShape {
  id: number;
  /** A private chat is called after the other person. */
  name: string | null;
  type: "private" | "group";
  created_by: number;
  participants_count: number;
  last_message: MessageShape | null;
  unread_count: number;
  created_at: string;
  updated_at: string;
}

export interface ParticipantShape {
  user_id: number;
  name: string;
  avatar: string | null;
  role: "owner" | "member";
  joined_at: string;
}

export function presentChat(
  chat: ChatSummary,
  { name, lastMessage }: { name: string | null; lastMessage: MessageShape | null },
): ChatShape {
  return {
    id: chat.number,
    name,
    type: chat.type === "group" ? "group" : "private",
    created_by: integerIdOf(chat.createdBy),
    participants_count: chat.memberCount,
    last_message: lastMessage,
    unread_count: chat.unreadCount,
    created_at: chat.createdAt,
    updated_at: chat.updatedAt,
  };
}

export function presentParticipant({ userId, name, avatar, role, joinedAt }: ChatMember): ParticipantShape {
  return {
    user_id: integerIdOf(userId),
    name: name ?? userId,
    avatar,
    role: role === "owner" ? "owner" : "member",
    joined_at: joinedAt,
  };
}
