import type { ChatShape } from "@parley/contracts";
import type { CommandResult } from "../wire/commands.js";
import {
  type Book,
  type ChatState,
  createChatState,
  dropChat,
  moveDelivered,
  moveRead,
  takeMessage,
  touch,
} from "./book.js";

export type SyncPage = CommandResult<"sync">;

/** What a catch-up keeps from page to page. */
export interface PageContext {
  /** The book was empty before: all that the pages bring is history. */
  first: boolean;
  /** The pages are a snapshot: of most chats they bring the newest messages only. */
  snapshot: boolean;
  /** Chats that are new to me. */
  arrivals: Set<string>;
}

type SyncedMember = SyncPage["members"][number] & {
  /** The chat's newest message when the member came; older servers do not say. */
  joined_seq?: number;
};

export function createPageContext(first: boolean): PageContext {
  return { first, snapshot: false, arrivals: new Set() };
}

/** Applies one page of changes. Nothing is announced yet: a page may end in the middle of a chat. */
export function applyPage(book: Book, page: SyncPage, context: PageContext): void {
  if (page.reset) {
    context.snapshot = true;
    // How far an arrival was told is not known yet, so it must not be remembered.
    for (const chatId of context.arrivals) book.chats.delete(chatId);
    context.arrivals.clear();
    for (const chatId of [...book.chats.keys()]) dropChat(book, chatId);
  }
  for (const chat of page.chats) applyChat(book, chat, context);
  for (const member of page.members) applyMember(book, member);
  for (const { chat_id: chatId, user_id: userId, ...position } of page.receipts) {
    moveRead(book, { chatId, userId, seq: position.read_seq });
    moveDelivered(book, { chatId, userId, seq: position.delivered_seq ?? position.read_seq });
  }
  for (const message of page.messages) takeMessage(book, message);
}

function applyChat(book: Book, chat: ChatShape, context: PageContext): void {
  touch(book, chat.id);
  const state = book.chats.get(chat.id);
  if (state === undefined) {
    book.chats.set(chat.id, createChatState(chat, chat.last_seq));
    if (context.first) book.told.delete(chat.id);
    else context.arrivals.add(chat.id);
  } else {
    state.facts = chat;
    state.timeline.top = Math.max(state.timeline.top, chat.last_seq);
  }
  const read = chat.last_seq - (chat.unread_count ?? 0);
  if (book.me !== undefined && read > 0) moveRead(book, { chatId: chat.id, userId: book.me, seq: read });
}

function applyMember(book: Book, member: SyncedMember): void {
  const { chat_id: chatId, user_id, role, joined_at, joined_seq, left_at } = member;
  const state = book.chats.get(chatId);
  if (state === undefined) return;
  touch(book, chatId);
  if (left_at === undefined) {
    if (!state.members.has(user_id)) book.news++;
    state.members.set(user_id, { user_id, role, joined_at });
    if (user_id === book.me && joined_seq !== undefined) state.joinedSeq = joined_seq;
  } else if (state.members.delete(user_id)) book.news++;
  if (left_at !== undefined && user_id === book.me) dropChat(book, chatId);
}

/**
 * After the last page: of a chat that is new to me, what was said since I came is news, and what was said before is history. False when a
 * chat came without my arrival: the cursor has passed that, and only a snapshot brings the whole chat.
 */
export function settleArrivals(book: Book, context: PageContext): boolean {
  let complete = true;
  for (const chatId of context.arrivals) {
    const state = book.chats.get(chatId);
    const me = state?.members.get(book.me ?? "");
    if (state === undefined || (me === undefined && context.snapshot)) continue;
    if (me === undefined) {
      complete = false;
      book.chats.delete(chatId);
      continue;
    }
    const told = book.told.get(chatId);
    const came = state.joinedSeq ?? arrivalByTime(state, me.joined_at);
    const certain = state.joinedSeq !== undefined || !context.snapshot;
    state.timeline.told = told === undefined ? came : certain ? Math.max(told, came) : told;
    book.told.delete(chatId);
  }
  return complete;
}

/** The newest message from before somebody came. Both times are the database's, except where they came with the chat. */
function arrivalByTime({ timeline, facts }: ChatState, joinedAt: string): number {
  if (joinedAt === facts.created_at) return 0;
  let newest = 0;
  for (const { seq, created_at } of timeline.known.values()) {
    if (created_at < joinedAt) newest = Math.max(newest, seq);
  }
  return newest;
}
