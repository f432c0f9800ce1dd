import type { Message } from "@parley/contracts";
import type { ChatFacts } from "@parley/engine";
import { contentTypeOf, TO_GROUP, TO_PERSON } from "./message-kinds.js";

export interface CatchatMessage {
  id: number;
  from: string;
  to: string;
  content: string;
  contentType: number;
  messageType: number;
  createAt: string;
}

/** A stored message as this contract shows it. What was deleted has no content any more. */
export function presentMessage(message: Message, chat: ChatFacts): CatchatMessage {
  return {
    id: message.number,
    from: message.senderId,
    to: isPersonal(chat) ? otherOf(chat, message.senderId) : String(chat.number),
    content: contentOf(message),
    contentType: contentTypeOf(message),
    messageType: isPersonal(chat) ? TO_PERSON : TO_GROUP,
    createAt: message.createdAt,
  };
}

/** A session with one person; an order's chat is a group here, because two people may have many orders. */
export function isPersonal(chat: ChatFacts): boolean {
  return chat.type === "direct";
}

/** The other of the two people of a session. */
export function otherOf({ pair, number }: ChatFacts, account: string): string {
  const [one, other] = pair ?? [String(number), String(number)];
  return one === account ? other : one;
}

/** Where an attachment was sent from another contract, its address is the content. */
function contentOf({ content, attachmentUrl, deletedAt }: Message): string {
  if (deletedAt !== null) return "";
  return content === "" ? (attachmentUrl ?? "") : content;
}
