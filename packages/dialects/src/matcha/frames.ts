import type { Message } from "@parley/contracts";
import { integerIdOf } from "../integer-ids.js";
import { presentReactions, textOf } from "./present-message.js";

/** A frame to a client. `timestamp` is when it was made. */
export function serverFrame<Fields extends object>(type: string, fields: Fields) {
  return { type, ...fields, timestamp: new Date().toISOString() };
}

/** A new message; to its sender with the client id that it was sent under, so that they know it for theirs. */
export function newMessageFrame(
  message: Message,
  { number, toSender }: { number: number; toSender: boolean },
) {
  return serverFrame("new_message", {
    conversation_id: number,
    data: {
      id: message.number,
      sender_id: integerIdOf(message.senderId),
      message: textOf(message),
      timestamp: message.createdAt,
      read_at: message.readAt,
      ...(toSender && message.clientId !== null ? { client_id: message.clientId } : {}),
    },
  });
}

/** A message's reactions as they stand after one of them came or went. */
export function reactionFrame(message: Message, { number }: { number: number }) {
  return serverFrame("reaction_update", { conversation_id: number, data: presentReactions(message) });
}
