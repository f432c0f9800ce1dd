import { type Message, ParleyError } from "@parley/contracts";
import { deleteMessage, findMessage, type HistoryPosition, listMessages, markRead } from "@parley/engine";
import type { z } from "zod";
import type { Caller } from "../caller.js";
import type { DialectRoute } from "../dialect-route.js";
import { readInput } from "../read-input.js";
import { findChat } from "./find-chat.js";
import { idShape, messageBodyShape, messagePageShape, statusShape } from "./input-shapes.js";
import { BASE_PATH } from "./paths.js";
import { sendMessage } from "./send-message.js";
import { viewMessages } from "./view-messages.js";

export const messageRoutes: readonly DialectRoute[] = [
  {
    method: "get",
    path: `${BASE_PATH}/chats/:id/messages`,
    handle: async (caller, { params, query }) => {
      const { id: chatId, number } = await findChat(caller, params);
      const page = readInput(messagePageShape, query);
      const position = await positionOf(caller, { chatId, page });
      const limit = page.limit ?? page.per_page;
      const found = await listMessages(caller.engine, { actor: caller.identity, chatId, limit, position });
      const messages = await viewMessages(caller, { messages: found.messages, numberOf: () => number });
      return { status: 200, body: { messages, total: found.total, has_more: found.hasMore } };
    },
  },
  {
    method: "post",
    path: `${BASE_PATH}/chats/:id/messages`,
    handle: async (caller, { params, body }) => {
      const { id: chatId, number } = await findChat(caller, params);
      const fields = readInput(messageBodyShape, body);
      const { message } = await sendMessage(caller, { chatId, fields });
      const [shape] = await viewMessages(caller, { messages: [message], numberOf: () => number });
      return { status: 201, body: shape };
    },
  },
  {
    method: "put",
    path: `${BASE_PATH}/messages/:id/status`,
    handle: async (caller, { params, body }) => {
      const { status } = readInput(statusShape, body);
      const { id, chatId, number: message_id } = await messageIn(caller, params);
      const { engine, identity } = caller;
      const { unreadCount } = await markRead(engine, { actor: identity, chatId, messageIds: [id] });
      const { number: chat_id } = await engine.chatFacts.read(chatId);
      return { status: 200, body: { message_id, chat_id, status, unread_count: unreadCount } };
    },
  },
  {
    method: "delete",
    path: `${BASE_PATH}/messages/:id`,
    handle: async (caller, { params }) => {
      const { id: messageId, chatId } = await messageIn(caller, params);
      await deleteMessage(caller.engine, { actor: caller.identity, chatId, messageId });
      return { status: 204 };
    },
  },
];

/** The message of a path, as far as the caller may know of it. Throws invalid_input, message_not_found. */
function messageIn({ engine, identity }: Caller, params: Readonly<Record<string, string>>): Promise<Message> {
  return findMessage(engine, { actor: identity, number: readInput(idShape, params).id });
}

async function positionOf(
  { engine, identity }: Caller,
  { chatId, page }: { chatId: string; page: z.output<typeof messagePageShape> },
): Promise<HistoryPosition> {
  if (page.before_id === undefined) return { page: page.page };
  const message = await findMessage(engine, { actor: identity, number: page.before_id });
  if (message.chatId !== chatId) throw new ParleyError("message_not_found");
  return { beforeSeq: message.seq };
}
