import { type Message, ParleyError } from "@parley/contracts";
import { type MessageRange, readMessageRange } from "../archive/read-message-range.js";
import type { Database } from "../database/database.js";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { type MessageRow, messageFromRow } from "../messages/message-row.js";
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
      prisma.chat.findUnique({
        where: { id: chatId, isOpen: true },
        select: { ...OPEN_CHAT_COLUMNS, archivedSeq: true, purgedSeq: true },
      }),
      prisma.message.findMany({
        where: { chatId, deletedAt: null },
        orderBy: { seq: "desc" },
        take: messages,
      }),
    ]),
  );
  if (row === null) throw new ParleyError("chat_not_found");
  const shown: MessageRow[] = newest.reverse();
  const to = Math.min((shown[0]?.seq ?? row.archivedSeq + 1) - 1, row.archivedSeq);
  if (shown.length < messages && to > row.purgedSeq)
    shown.unshift(
      ...(await readOlder(engine.database, { chatId, from: to - messages + shown.length + 1, to })),
    );
  return { chat: openChatFromRow(row), messages: shown.map(messageFromRow) };
}

/** Where nearly everything new was deleted: so many numbers further back, and not on through the archive until the page is full. */
async function readOlder(database: Database, range: MessageRange): Promise<MessageRow[]> {
  return (await readMessageRange(database, range)).filter(({ deletedAt }) => deletedAt === null);
}
