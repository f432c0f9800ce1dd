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

/** Adds the newest message, the unread count and the mute to chats; two queries however many. */
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
  const talked = chats.filter(({ chat }) => chat.lastSeq > 0).map(({ chat }) => chat);
  if (talked.length === 0) return new Map();
  const [chatIds, seqs] = [talked.map(({ id }) => id), talked.map(({ lastSeq }) => lastSeq)];
  // In the one form that only the index of numbers answers: with chat and number asked for alike, the planner may take any index of the chat's.
  const found = await context.prisma.$queryRaw<Array<{ id: string }>>`
    SELECT m.id FROM unnest(${chatIds}::uuid[], ${seqs}::int[]) AS k(chat_id, seq)
    CROSS JOIN LATERAL (
      SELECT id, seq FROM messages WHERE chat_id = k.chat_id AND seq >= k.seq ORDER BY seq LIMIT 1
    ) m WHERE m.seq = k.seq`;
  const rows = await context.prisma.message.findMany({ where: { id: { in: found.map(({ id }) => id) } } });
  return new Map(rows.map((row) => [row.chatId, messageFromRow(row)]));
}

function activeMute(membership: MemberRow | undefined, now: Date): string | null {
  const until = membership?.mutedUntil ?? null;
  return until !== null && until > now ? until.toISOString() : null;
}
