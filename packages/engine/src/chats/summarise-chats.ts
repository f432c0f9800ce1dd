import type { Message } from "@parley/contracts";
import type { Transaction } from "../database/transaction.js";
import type { Chat as ChatRow, Member as MemberRow } from "../generated/prisma/client.js";
import { messageFromRow } from "../messages/message-row.js";
import type { ChatSummary } from "./chat.js";
import { chatFromRow } from "./present-chat.js";

export interface ReadContext {
  prisma: Transaction;
  now: Date;
}

/** A chat with the reader's own member row, if they are in it. */
export interface ChatOfReader {
  chat: ChatRow;
  membership: MemberRow | undefined;
}

/** Adds the newest message, the unread count and the mute to chats; one query however many. */
export async function summariseChats(context: ReadContext, chats: ChatOfReader[]): Promise<ChatSummary[]> {
  const newest = await readNewest(context, chats);
  return chats.map(({ chat, membership }) => ({
    ...chatFromRow(chat),
    lastMessage: newest.get(chat.id) ?? null,
    unreadCount: membership === undefined ? 0 : Math.max(0, chat.lastSeq - membership.readSeq),
    mutedUntil: activeMute(membership, context.now),
  }));
}

async function readNewest(context: ReadContext, chats: ChatOfReader[]): Promise<Map<string, Message>> {
  const keys = chats
    .filter(({ chat }) => chat.lastSeq > 0)
    .map(({ chat }) => ({ chatId: chat.id, seq: chat.lastSeq }));
  if (keys.length === 0) return new Map();
  const rows = await context.prisma.message.findMany({ where: { OR: keys } });
  return new Map(rows.map((row) => [row.chatId, messageFromRow(row)]));
}

function activeMute(membership: MemberRow | undefined, now: Date): string | null {
  const until = membership?.mutedUntil ?? null;
  return until !== null && until > now ? until.toISOString() : null;
}
