import {
  type ChatRequest,
  changeChatStatus,
  chatStats,
  createChat,
  getChat,
  getChatByOrder,
  getUnreadCount,
  listChats,
  muteChat,
  unmuteChat,
} from "@parley/engine";
import { presentChat, presentChatDetail } from "../../native/present-chat.js";
import type { Handlers, Input } from "./handler.js";

export const chatHandlers = {
  createChat: async ({ engine, actor }, { body }) =>
    presentChatDetail(await createChat(engine, { actor, request: chatRequest(body) })),

  listMyChats: async ({ engine, actor }, { query }) => {
    const { page, limit, cursor } = query;
    const { chats, total, nextCursor } = await listChats(engine, { actor, page, limit, cursor });
    const shape = { chats: chats.map(presentChat), total };
    return nextCursor === null ? shape : { ...shape, next_cursor: nextCursor };
  },

  getChat: async ({ engine, actor }, { params }) =>
    presentChatDetail(await getChat(engine, { actor, chatId: params.id })),

  getChatByOrder: async ({ engine, actor }, { params }) =>
    presentChatDetail(await getChatByOrder(engine, { actor, orderId: params.order_id })),

  getUnreadCount: async ({ engine, actor }, { params }) => ({
    unread_count: await getUnreadCount(engine, { actor, chatId: params.id }),
  }),

  changeChatStatus: async ({ engine, actor }, { params, body }) =>
    presentChat(await changeChatStatus(engine, { actor, chatId: params.id, status: body.status })),

  muteChat: async ({ engine, actor }, { params, body }) => {
    const until = body.until === undefined ? null : new Date(body.until);
    const { mutedUntil } = await muteChat(engine, { actor, chatId: params.id, until });
    return { muted_until: mutedUntil };
  },

  unmuteChat: async ({ engine, actor }, { params }) => {
    const { mutedUntil } = await unmuteChat(engine, { actor, chatId: params.id });
    return { muted_until: mutedUntil };
  },

  chatStats: async ({ engine }) => {
    const stats = await chatStats(engine);
    return {
      total_chats: stats.totalChats,
      active_chats: stats.activeChats,
      closed_chats: stats.closedChats,
      total_messages: stats.totalMessages,
      avg_messages_per_chat: stats.averageMessages,
    };
  },
} satisfies Partial<Handlers>;

function chatRequest(body: Input<"createChat">["body"]): ChatRequest {
  switch (body.type) {
    case "direct":
      return { type: "direct", userId: body.user_id };
    case "group":
      return { type: "group", name: body.name, memberIds: body.member_ids };
    case "order":
    case undefined:
      return {
        type: "order",
        orderId: body.order_id,
        userId: body.user_id,
        shopperId: body.shopper_id,
        initialMessage: body.initial_message,
      };
  }
}
