import type { ChatShape, MessageShape } from "@parley/contracts";
import type { ClientEvents } from "../client-events.js";
import type { Emitter } from "../emitter.js";
import { createTimeline, growRun, isShown, putMessage, type Timeline } from "./timeline.js";

export interface MemberFacts {
  user_id: string;
  role: string;
  joined_at: string;
}

export interface ChatState {
  facts: ChatShape;
  members: Map<string, MemberFacts>;
  /** How far each member has read. */
  reads: Map<string, number>;
  /** How far each member's devices have got. */
  delivered: Map<string, number>;
  /** The newest message when I came, where the server has said so. */
  joinedSeq?: number;
  timeline: Timeline;
}

interface Touch {
  messages: boolean;
  updated: MessageShape[];
  read: Map<string, number>;
  delivered: Map<string, number>;
}

/** All that is known of the user's chats. Changes are noted as they are made, and told together by `announce`. */
export interface Book {
  chats: Map<string, ChatState>;
  me: string | undefined;
  touched: Map<string, Touch>;
  /** Of chats that I am out of: how far their messages were told, in case I come back. */
  told: Map<string, number>;
  /** Grows with each change that was not known. */
  news: number;
  /** What was told last. */
  unread: Map<string, number>;
  total: number;
  events: Emitter<ClientEvents>;
  /** Called with each chat that changed, before anyone is told. */
  onChange: (chatId: string, state: ChatState | undefined) => void;
}

export function createBook(parts: Pick<Book, "me" | "events" | "onChange">): Book {
  const empty = { chats: new Map(), touched: new Map(), told: new Map(), unread: new Map() };
  return { ...parts, ...empty, news: 0, total: 0 };
}

export function createChatState(facts: ChatShape, told: number): ChatState {
  const timeline = createTimeline(facts.last_seq, told);
  return { facts, members: new Map(), reads: new Map(), delivered: new Map(), timeline };
}

/** Notes that a chat changed. */
export function touch(book: Book, chatId: string): Touch {
  const known = book.touched.get(chatId);
  if (known !== undefined) return known;
  const noted = { messages: false, updated: [], read: new Map(), delivered: new Map() };
  book.touched.set(chatId, noted);
  return noted;
}

/** Takes in a message in whatever state it comes. False when its chat is unknown. */
export function takeMessage(book: Book, message: MessageShape): boolean {
  const { chat_id: chatId, seq, sender_id: sender } = message;
  const state = book.chats.get(chatId);
  if (state === undefined) return false;
  const known = state.timeline.known.has(seq);
  if (!putMessage(state.timeline, message)) return true;
  const noted = touch(book, chatId);
  noted.messages = true;
  book.news++;
  if (known && isShown(state.timeline, seq)) noted.updated.push(message);
  // Who writes has read what came before.
  moveRead(book, { chatId, userId: sender, seq });
  if (sender === book.me) moveDelivered(book, { chatId, userId: sender, seq });
  return true;
}

/** Moves a read position; it never goes back. */
export function moveRead(book: Book, read: { chatId: string; userId: string; seq: number }): boolean {
  const state = book.chats.get(read.chatId);
  if (state === undefined || (state.reads.get(read.userId) ?? 0) >= read.seq) return false;
  state.reads.set(read.userId, read.seq);
  touch(book, read.chatId).read.set(read.userId, read.seq);
  book.news++;
  return true;
}

/** Moves a delivered position; it never goes back. */
export function moveDelivered(book: Book, got: { chatId: string; userId: string; seq: number }): void {
  const { chatId, userId, seq } = got;
  const state = book.chats.get(chatId);
  if (state === undefined || (state.delivered.get(userId) ?? 0) >= seq) return;
  const news = userId !== book.me && seq > deliveredTo(state, userId);
  state.delivered.set(userId, seq);
  // My own is what the server knows of this device, and nothing to show.
  if (!news) return;
  touch(book, chatId).delivered.set(userId, seq);
  book.news++;
}

/** How far a member's devices have got, as far as is known: what was read was delivered. */
export function deliveredTo(state: ChatState, userId: string): number {
  return Math.max(state.delivered.get(userId) ?? 0, state.reads.get(userId) ?? 0);
}

export function dropChat(book: Book, chatId: string): void {
  const state = book.chats.get(chatId);
  if (state === undefined) return;
  book.told.set(chatId, state.timeline.told);
  book.chats.delete(chatId);
  book.news++;
  touch(book, chatId).messages = true;
}

export function unreadOf(book: Book, state: ChatState | undefined): number {
  if (state === undefined || book.me === undefined) return 0;
  return Math.max(0, state.timeline.top - (state.reads.get(book.me) ?? 0));
}

/** Tells what has changed since the last time, chat by chat. */
export function announce(book: Book): void {
  const touched = book.touched;
  book.touched = new Map();
  for (const [chatId, noted] of touched) announceChat(book, chatId, noted);
}

function announceChat(book: Book, chatId: string, noted: Touch): void {
  const { events } = book;
  const state = book.chats.get(chatId);
  const fresh = state === undefined ? [] : growRun(state.timeline);
  for (const message of fresh) if (state !== undefined) takeStatus(state, message);
  const unread = unreadOf(book, state);
  const moved = unread !== (book.unread.get(chatId) ?? 0);
  book.total += unread - (book.unread.get(chatId) ?? 0);
  book.unread.set(chatId, unread);
  const { total } = book;
  book.onChange(chatId, state);
  for (const message of fresh) events.emit("message", { chatId, message });
  for (const message of noted.updated) events.emit("message_updated", { chatId, message });
  for (const [userId, readSeq] of noted.read) events.emit("read", { chatId, userId, readSeq });
  for (const [userId, deliveredSeq] of noted.delivered) {
    events.emit("delivered", { chatId, userId, deliveredSeq });
  }
  if (noted.messages || fresh.length > 0) events.emit("timeline", { chatId });
  events.emit("chat", { chatId });
  if (moved) events.emit("unread", { chatId, unread, total });
}

/** The platform says in the chat that it was closed or opened again; there is no other event of it. */
function takeStatus(state: ChatState, message: MessageShape): void {
  const status = message.type === "system" ? message.metadata?.status : undefined;
  if (status === "active" || status === "closed" || status === "archived") {
    state.facts = { ...state.facts, status };
  }
}
