import type { Message } from "@parley/contracts";
import { reactToMessage } from "@parley/engine";
import type { Caller } from "../caller.js";
import { type Conversation, findOwnMessage } from "./find-conversation.js";

export interface ReactionChange {
  /** The message's number. */
  to: number;
  emoji: string;
  remove: boolean;
}

export interface ReactedMessage {
  message: Message;
  conversation: Conversation;
  /** The actor's sockets hear of it. Where nothing changed, or an operator reacts between others, they don't. */
  comesBack: boolean;
}

/**
 * Adds or takes back a reaction of the caller's; twice is once. Resolves after the commit.
 * Throws message_not_found, message_deleted, too_many_reactions.
 */
export async function react(caller: Caller, { to, emoji, remove }: ReactionChange): Promise<ReactedMessage> {
  const { engine, identity } = caller;
  const { message: before, conversation } = await findOwnMessage(caller, to);
  const { chatId, pair } = conversation;
  const change = { actor: identity, chatId, messageId: before.id, emoji, remove };
  const message = await reactToMessage(engine, change);
  const isNews = message.rev !== before.rev;
  return { message, conversation, comesBack: isNews && pair.includes(identity.userId) };
}
