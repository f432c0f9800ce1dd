import { type Message, ParleyError } from "@parley/contracts";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { messageFromRow } from "../messages/message-row.js";
import { OPEN_CHAT_COLUMNS, type OpenChat, openChatFromRow } from "./open-chat.js";

export interface OpenChatPage {
  chat: OpenChat;
  /** The newest ones that were not deleted, oldest first. */
  messages: Message[];
}

/**
 * An open chat with what was said last. Whom it is open to is the caller's to know: they need not be in it.
 * Refuses: chat_not_found (also of chats that are not open).
 */
export async function getOpenChat(
  engine: Engine,
  { chatId, messages }: { chatId: string; messages: number },
): Promise<OpenChatPage> {
  const { prisma } = engine.database;
  const [row, newest] = await guardDatabase(() =>
    Promise.all([
      prisma.chat.findUnique({ where: { id: chatId, isOpen: true }, select: OPEN_CHAT_COLUMNS }),
      prisma.message.findMany({
        where: { chatId, deletedAt: null },
        orderBy: { seq: "desc" },
        take: messages,
      }),
    ]),
  );
  if (row === null) throw new ParleyError("chat_not_found");
  return { chat: openChatFromRow(row), messages: newest.reverse().map(messageFromRow) };
}
