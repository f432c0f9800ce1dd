import type { ChatShape, MessageShape } from "@parley/contracts";
import type { Outbox } from "../outbox/outbox.js";
import type { OutboxEntry } from "../outbox/outbox-entry.js";
import { ParleyRefusal } from "../refusal.js";
import { type Book, type ChatState, deliveredTo, type MemberFacts, unreadOf } from "./book.js";
import { runMessages } from "./timeline.js";

export interface ChatMember extends MemberFacts {
  read_seq: number;
  /** At least what they have read. */
  delivered_seq: number;
}

/** A chat of mine, as far as this client knows it. */
export interface Chat extends ChatShape {
  unread_count: number;
  members: ChatMember[];
}

/** One line of a chat: a stored message, or one of mine that is on its way or was refused. */
export interface TimelineEntry {
  /** The same before and after the message is stored; good as a key in a list. */
  key: string;
  status: "stored" | "pending" | "failed";
  /** While it is not stored, `seq` and `rev` are 0 and the id is the client id. */
  message: MessageShape;
  /** Why it failed. */
  why?: ParleyRefusal;
}

/** What the application sees. The same object is returned until something in it changes. */
export interface Views {
  chats(): readonly Chat[];
  chat(chatId: string): Chat | undefined;
  timeline(chatId: string): readonly TimelineEntry[];
  /** A chat, or its outbox, has changed. */
  invalidate(chatId: string): void;
}

export function createViews(book: Book, outbox: Outbox): Views {
  const chats = new Map<string, Chat>();
  const timelines = new Map<string, TimelineEntry[]>();
  let list: Chat[] | undefined;

  const chat = (chatId: string) => {
    const state = book.chats.get(chatId);
    const view = chats.get(chatId) ?? (state && viewChat(book, state));
    if (view !== undefined) chats.set(chatId, view);
    return view;
  };
  return {
    chat,
    chats: () => {
      list ??= [...book.chats.keys()].flatMap((chatId) => chat(chatId) ?? []).sort(byActivity);
      return list;
    },
    timeline: (chatId) => {
      const view = timelines.get(chatId) ?? viewTimeline(book, { chatId, entries: outbox.of(chatId) });
      timelines.set(chatId, view);
      return view;
    },
    invalidate: (chatId) => {
      chats.delete(chatId);
      timelines.delete(chatId);
      list = undefined;
    },
  };
}

function viewChat(book: Book, state: ChatState): Chat {
  const { facts, members, reads, timeline } = state;
  const newest = timeline.known.get(timeline.run?.to ?? 0) ?? facts.last_message;
  return {
    ...facts,
    last_seq: timeline.top,
    ...(newest === undefined ? {} : { last_message: newest }),
    unread_count: unreadOf(book, state),
    members: [...members.values()].map((member) => ({
      ...member,
      read_seq: reads.get(member.user_id) ?? 0,
      delivered_seq: deliveredTo(state, member.user_id),
    })),
  };
}

function byActivity(left: Chat, right: Chat): number {
  const [before, after] = [activityOf(left), activityOf(right)];
  return before === after ? 0 : before < after ? 1 : -1;
}

function activityOf(chat: Chat): string {
  return chat.last_message?.created_at ?? chat.updated_at;
}

function viewTimeline(book: Book, from: { chatId: string; entries: OutboxEntry[] }): TimelineEntry[] {
  const state = book.chats.get(from.chatId);
  const shown = state === undefined ? [] : runMessages(state.timeline);
  const mine = new Set<string>();
  for (const message of shown) {
    if (message.client_id !== undefined && message.sender_id === book.me) mine.add(message.client_id);
  }
  const waiting = from.entries.filter((entry) => !mine.has(entry.clientId));
  return [
    ...shown.map((message) => viewStored(message, book.me)),
    ...waiting.map((entry) => viewWaiting(entry, book.me ?? "")),
  ];
}

function viewStored(message: MessageShape, me: string | undefined): TimelineEntry {
  // Another member's client id may be the same as mine.
  const key = message.sender_id === me ? (message.client_id ?? message.id) : message.id;
  return { key, status: "stored", message };
}

function viewWaiting(entry: OutboxEntry, me: string): TimelineEntry {
  const { chatId, clientId, draft, at, failed } = entry;
  const message: MessageShape = {
    ...draft,
    content: draft.content ?? "",
    type: draft.type ?? "text",
    id: clientId,
    client_id: clientId,
    chat_id: chatId,
    seq: 0,
    rev: 0,
    sender_id: me,
    sender_role: "",
    created_at: new Date(at).toISOString(),
  };
  if (failed === undefined) return { key: clientId, status: "pending", message };
  return { key: clientId, status: "failed", message, why: new ParleyRefusal(failed) };
}
