import type { Message } from "@parley/contracts";
import type { DirectoryPerson } from "@parley/engine";
import { namingOf } from "./naming.js";

export interface RoomMessage {
  id: number;
  sender: string;
  room: number;
  message: string;
  created_at: string;
}

interface Known {
  room: number;
  person: DirectoryPerson | undefined;
}

/** A stored message as REST shows it. */
export function presentMessage(message: Message, { room, person }: Known): RoomMessage {
  const { sender } = namingOf(message.senderId, person);
  return { id: message.number, sender, room, message: textOf(message), created_at: message.createdAt };
}

/** A message in a room's history, with what a client needs to show it. */
export function presentHistory(message: Message, known: Known) {
  const { nickname, profile_picture_url } = namingOf(message.senderId, known.person);
  return { ...presentMessage(message, known), nickname, profile_picture_url };
}

/** A message as everyone in the room hears it. */
export function messageFrame(message: Message, person: DirectoryPerson | undefined) {
  return {
    type: "chat.message",
    message: textOf(message),
    ...namingOf(message.senderId, person),
    id: message.number,
    created_at: message.createdAt,
  };
}

/** What other contracts attach stands here as its address, because a room has nothing but texts. */
function textOf({ content, attachmentUrl }: Message): string {
  return content === "" ? (attachmentUrl ?? "") : content;
}
