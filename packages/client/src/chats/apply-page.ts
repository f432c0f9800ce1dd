import type { ChatShape } from "@parley/contracts";
import type { CommandResult } from "../wire/commands.js";
import { type Book, createChatState, dropChat, moveRead, takeMessage, touch } from "./book.js";

export type SyncPage = CommandResult<"sync">;

/** What a catch-up goes on from. */
export interface PageContext {
  /** The pages of a snapshot, of which the first said `reset`. */
  snapshot: boolean;
  /** Chats as they were before the snapshot: how far their messages had been told. */
  told: Map<string, number>;
}

/** Applies one page of changes. Nothing is announced yet: a page may end in the middle of a chat. */
export function applyPage(book: Book, page: SyncPage, context: PageContext): void {
  if (page.reset) {
    context.snapshot = true;
    for (const [chatId, { timeline }] of book.chats) context.told.set(chatId, timeline.told);
    for (const chatId of [...book.chats.keys()]) dropChat(book, chatId);
  }
  for (const chat of page.chats) applyChat(book, chat, context);
  for (const member of page.members) applyMember(book, member);
  for (const { chat_id: chatId, user_id: userId, read_seq: seq } of page.receipts) {
    moveRead(book, { chatId, userId, seq });
  }
  for (const message of page.messages) takeMessage(book, message);
}

function applyChat(book: Book, chat: ChatShape, context: PageContext): void {
  touch(book, chat.id);
  const read = chat.last_seq - (chat.unread_count ?? 0);
  const state = book.chats.get(chat.id);
  if (state === undefined) {
    // The messages of a first snapshot are history; those of a chat that is new to me are news as far as they are unread.
    const told = context.told.get(chat.id) ?? (context.snapshot ? chat.last_seq : read);
    book.chats.set(chat.id, createChatState(chat, told));
  } else {
    state.facts = chat;
    state.timeline.top = Math.max(state.timeline.top, chat.last_seq);
  }
  if (book.me !== undefined && read > 0) moveRead(book, { chatId: chat.id, userId: book.me, seq: read });
}

function applyMember(book: Book, member: SyncPage["members"][number]): void {
  const { chat_id: chatId, user_id, role, joined_at, left_at } = member;
  const state = book.chats.get(chatId);
  if (state === undefined) return;
  touch(book, chatId);
  if (left_at === undefined) state.members.set(user_id, { user_id, role, joined_at });
  else state.members.delete(user_id);
  if (left_at !== undefined && user_id === book.me) dropChat(book, chatId);
}
