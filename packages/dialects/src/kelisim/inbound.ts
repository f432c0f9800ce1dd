import { findMessage, markRead } from "@parley/engine";
import type { DialectSocket, Fields, Said, SocketClient } from "../dialect-socket.js";
import { hearsOf } from "../hears-of.js";
import { readInput } from "../read-input.js";
import { messageFrameShape, readFrameShape, typingFrameShape } from "./input-shapes.js";
import { sendMessage } from "./send-message.js";
import { viewMessages } from "./view-messages.js";

/** What clients of this contract send. */
export const inbound: DialectSocket["frames"] = { send_message: say, typing, read, ping };

/** The answer is the live event, which the sender hears, too; who will not hear it is answered with what it says. */
async function say(client: SocketClient, frame: Fields): Promise<Said> {
  const { chat_id, message_type: type, ...fields } = readInput(messageFrameShape, frame);
  const { engine, identity } = client;
  const { id: chatId, number } = await engine.chatFacts.readByNumber(chat_id);
  const { message, isRetry } = await sendMessage(client, { chatId, fields: { ...fields, type } });
  if (isRetry ? await client.isToCome(message) : await hearsOf(client, chatId)) return [];
  const [shape] = await viewMessages({ engine, identity }, { messages: [message], numberOf: () => number });
  return [{ type: "new_message", message: shape }];
}

async function typing(client: SocketClient, frame: Fields): Promise<Said> {
  const { chat_id, is_typing: isTyping } = readInput(typingFrameShape, frame);
  const { id: chatId } = await client.engine.chatFacts.readByNumber(chat_id);
  await client.typing({ chatId, isTyping });
  return [];
}

/** Told to everyone in the chat, the reader included, as `message_status`. */
async function read({ engine, identity }: SocketClient, frame: Fields): Promise<Said> {
  const { chat_id, message_id: number } = readInput(readFrameShape, frame);
  const { id: chatId } = await engine.chatFacts.readByNumber(chat_id);
  const { id: messageId } = await findMessage(engine, { actor: identity, number });
  await markRead(engine, { actor: identity, chatId, messageIds: [messageId] });
  return [];
}

async function ping(): Promise<Said> {
  return [{ type: "pong" }];
}
