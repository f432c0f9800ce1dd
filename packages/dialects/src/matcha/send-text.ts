import type { Message } from "@parley/contracts";
import type { Caller } from "../caller.js";
import { type Conversation, findConversation } from "./find-conversation.js";

export interface TextToSend {
  /** The conversation's number. */
  to: number;
  content: string;
  clientId: string | null | undefined;
}

export interface SentText {
  message: Message;
  conversation: Conversation;
  /** The sender's sockets hear of it. Neither of a retry nor of what operators say between others do they. */
  comesBack: boolean;
}

/** Stores a message; resolves after the commit. Throws rate_limited, chat_not_found, chat_closed, client_id_reused. */
export async function sendText(caller: Caller, { to, content, clientId }: TextToSend): Promise<SentText> {
  const { identity, ports } = caller;
  const conversation = await findConversation(caller, to);
  const { chatId, pair } = conversation;
  const draft = { content, type: "text", clientId: clientId ?? undefined } as const;
  const { message, isRetry } = await ports.send({ actor: identity, chatId, draft });
  return { message, conversation, comesBack: !isRetry && pair.includes(identity.userId) };
}
