import type { SyncPage } from "@parley/engine";
import { presentChat } from "./present-chat.js";
import { presentMessage } from "./present-message.js";

/** A page of changes on the native wire, the same over REST and socket. */
export function presentSync(page: SyncPage) {
  return {
    messages: page.messages.map(presentMessage),
    chats: page.chats.map(presentChat),
    members: page.members.map(({ chatId, userId, role, joinedAt, leftAt }) => ({
      chat_id: chatId,
      user_id: userId,
      role,
      joined_at: joinedAt,
      ...(leftAt === null ? {} : { left_at: leftAt }),
    })),
    receipts: page.receipts.map(({ chatId, userId, readSeq, deliveredSeq }) => ({
      chat_id: chatId,
      user_id: userId,
      read_seq: readSeq,
      delivered_seq: deliveredSeq,
    })),
    cursor: page.cursor,
    has_more: page.hasMore,
    reset: page.reset,
  };
}
