import type { Actor, Message } from "@parley/contracts";
import { accessChat } from "../chats/chat-access.js";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { messageFromRow } from "./message-row.js";

export type HistoryPosition =
  | { page: number }
  /** Messages to leave out, counted from the newest. */
  | { offset: number }
  | { beforeSeq: number }
  | { afterSeq: number }
  | { aroundSeq: number };

export interface HistoryPage {
  /** Oldest first. */
  messages: Message[];
  /** More messages in the direction of reading: older ones, or newer ones after `afterSeq`. */
  hasMore: boolean;
  total: number;
}

interface Range {
  /** Both inclusive. Numbers have no gaps, so that a page is a range of them and never a count over rows. */
  from: number;
  to: number;
  hasMore: boolean;
}

/** A page of a chat's history. Refuses: chat_not_found. */
export async function listMessages(
  engine: Engine,
  input: { actor: Actor; chatId: string; limit: number; position: HistoryPosition },
): Promise<HistoryPage> {
  const { chat } = await accessChat(engine, input);
  const range = rangeOf(input.position, { limit: input.limit, lastSeq: chat.lastSeq });
  if (range.from > range.to) return { messages: [], hasMore: range.hasMore, total: chat.lastSeq };
  const rows = await guardDatabase(() =>
    engine.database.prisma.message.findMany({
      where: { chatId: chat.id, seq: { gte: range.from, lte: range.to } },
      orderBy: { seq: "asc" },
    }),
  );
  return { messages: rows.map(messageFromRow), hasMore: range.hasMore, total: chat.lastSeq };
}

function rangeOf(position: HistoryPosition, page: { limit: number; lastSeq: number }): Range {
  const { limit, lastSeq } = page;
  if ("afterSeq" in position) {
    const to = Math.min(position.afterSeq + limit, lastSeq);
    return { from: position.afterSeq + 1, to, hasMore: position.afterSeq < lastSeq && to < lastSeq };
  }
  if ("aroundSeq" in position) {
    const middle = Math.min(Math.max(position.aroundSeq, 1), Math.max(lastSeq, 1));
    const from = Math.max(1, middle - Math.floor((limit - 1) / 2));
    return { from, to: Math.min(from + limit - 1, lastSeq), hasMore: from > 1 };
  }
  const newest = newestOf(position, page);
  const to = Math.min(newest, lastSeq);
  const from = Math.max(1, to - limit + 1);
  return { from, to, hasMore: to >= 1 && from > 1 };
}

function newestOf(
  position: Extract<HistoryPosition, { page: number } | { offset: number } | { beforeSeq: number }>,
  { limit, lastSeq }: { limit: number; lastSeq: number },
): number {
  if ("beforeSeq" in position) return position.beforeSeq - 1;
  return lastSeq - ("offset" in position ? position.offset : (position.page - 1) * limit);
}
