import type { Actor, Message } from "@parley/contracts";
import { readMessageRange } from "../archive/read-message-range.js";
import { accessChat } from "../chats/chat-access.js";
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
  /** Messages that the chat has, without those that were purged. */
  total: number;
}

interface Range {
  /** Both inclusive. Numbers have no gaps, so that a page is a range of them and never a count over rows. */
  from: number;
  to: number;
  hasMore: boolean;
}

/** A page of a chat's history, archived or not. It ends where older messages were purged. Refuses: chat_not_found. */
export async function listMessages(
  engine: Engine,
  input: { actor: Actor; chatId: string; limit: number; position: HistoryPosition },
): Promise<HistoryPage> {
  const { chat } = await accessChat(engine, input);
  const { lastSeq, purgedSeq } = chat;
  const { from, to, hasMore } = rangeOf(input.position, {
    limit: input.limit,
    lastSeq,
    firstSeq: purgedSeq + 1,
  });
  const total = lastSeq - purgedSeq;
  if (from > to) return { messages: [], hasMore, total };
  const rows = await readMessageRange(engine.database, { chatId: chat.id, from, to });
  return { messages: rows.map(messageFromRow), hasMore, total };
}

interface Page {
  limit: number;
  /** The oldest and the newest message that there is. */
  firstSeq: number;
  lastSeq: number;
}

function rangeOf(position: HistoryPosition, page: Page): Range {
  const { limit, firstSeq, lastSeq } = page;
  if ("afterSeq" in position) {
    const from = Math.max(position.afterSeq + 1, firstSeq);
    const to = Math.min(from + limit - 1, lastSeq);
    return { from, to, hasMore: from <= lastSeq && to < lastSeq };
  }
  if ("aroundSeq" in position) {
    const middle = Math.min(Math.max(position.aroundSeq, firstSeq), Math.max(lastSeq, firstSeq));
    const from = Math.max(firstSeq, middle - Math.floor((limit - 1) / 2));
    return { from, to: Math.min(from + limit - 1, lastSeq), hasMore: from > firstSeq };
  }
  const newest = newestOf(position, page);
  const to = Math.min(newest, lastSeq);
  const from = Math.max(firstSeq, to - limit + 1);
  return { from, to, hasMore: to >= firstSeq && from > firstSeq };
}

function newestOf(
  position: Extract<HistoryPosition, { page: number } | { offset: number } | { beforeSeq: number }>,
  { limit, lastSeq }: { limit: number; lastSeq: number },
): number {
  if ("beforeSeq" in position) return position.beforeSeq - 1;
  return lastSeq - ("offset" in position ? position.offset : (position.page - 1) * limit);
}
