import type { Heard } from "../connection/link.js";
import { type Book, dropChat, moveDelivered, moveRead, takeMessage, touch } from "./book.js";

/** What an event asks for beyond itself. */
export type Consequence = "sync" | undefined;

/** Applies a change that the server told live. */
export function applyEvent(book: Book, event: Heard, now: () => number): Consequence {
  if (event.name === "new_message") return takeMessage(book, event.payload) ? undefined : "sync";
  if (event.name === "message_updated") takeMessage(book, event.payload.message);
  if (event.name === "messages_read") {
    const { chatId, userId, readSeq: seq, rev } = event.payload;
    moveRead(book, { chatId, userId, seq });
    // Read in private, it has no revision, and says nothing to the others.
    if (userId === book.me && rev !== undefined) moveDelivered(book, { chatId, userId, seq });
  }
  if (event.name === "messages_delivered") {
    const { chatId, userId, deliveredSeq: seq } = event.payload;
    moveDelivered(book, { chatId, userId, seq });
  }
  if (event.name === "member_removed") removeMember(book, event.payload);
  if (event.name === "member_added") return addMember(book, { ...event.payload, now });
  return undefined;
}

function removeMember(book: Book, { chatId, userId }: { chatId: string; userId: string }): void {
  const state = book.chats.get(chatId);
  if (state === undefined) return;
  state.members.delete(userId);
  touch(book, chatId);
  if (userId === book.me) dropChat(book, chatId);
}

function addMember(book: Book, added: { chatId: string; userId: string; now: () => number }): Consequence {
  const { chatId, userId: user_id, now } = added;
  const state = book.chats.get(chatId);
  // A chat that I am new to comes whole with the next catch-up.
  if (user_id === book.me || state === undefined) return "sync";
  // Role and time as they usually are; the next catch-up brings the exact ones.
  if (!state.members.has(user_id)) {
    state.members.set(user_id, { user_id, role: "member", joined_at: new Date(now()).toISOString() });
  }
  touch(book, chatId);
  return undefined;
}

interface Revision {
  chatId: string;
  /** Absent: the server does not say. */
  rev?: number | undefined;
}

/** The chat and the revision that a change took. My own reading takes none where it is private; otherwise, the server is an old one. */
export function revisionOf(event: Heard, me: string | undefined): Revision | undefined {
  switch (event.name) {
    case "new_message":
      return { chatId: event.payload.chat_id, rev: event.payload.rev };
    case "message_updated":
      return { chatId: event.payload.chatId, rev: event.payload.message.rev };
    case "messages_read":
      return event.payload.rev === undefined && event.payload.userId === me ? undefined : event.payload;
    case "messages_delivered":
    case "member_added":
    case "member_removed":
      return event.payload;
    default:
      return undefined;
  }
}
