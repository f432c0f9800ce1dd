import type { MessageShape, SocketEventPayload } from "@parley/contracts";
import type { Status } from "./connection/connection.js";
import type { ParleyRefusal } from "./refusal.js";

/** Everything that a client tells. Read the state itself with `chats()`, `timeline()` and `unread()`. */
export interface ClientEvents {
  /** The connection's state. `refused` is final until `connect()`; `why` says what to do. */
  status: { status: Status; why?: ParleyRefusal };
  /** After a connect, everything that was missed is there now. */
  caught_up: Record<never, never>;
  /** A new message, from anyone: in the order of its chat, without holes, once. Not told for history. */
  message: { chatId: string; message: MessageShape };
  /** A message that is shown was edited, deleted or reacted to. */
  message_updated: { chatId: string; message: MessageShape };
  /** A message of mine was refused for good. It stays in the timeline until `retry()` or `discard()`. */
  message_failed: { chatId: string; clientId: string; why: ParleyRefusal };
  /** What `timeline(chatId)` returns has changed, for whatever reason. */
  timeline: { chatId: string };
  /** What `chat(chatId)` returns has changed; it may be new, or gone. */
  chat: { chatId: string };
  /** Somebody has read up to a message. */
  read: { chatId: string; userId: string; readSeq: number };
  /** Somebody's device has every message up to this one. */
  delivered: { chatId: string; userId: string; deliveredSeq: number };
  /** The number of unread messages of a chat, and of all chats. */
  unread: { chatId: string; unread: number; total: number };
  /** Somebody else started or stopped typing. */
  typing: { chatId: string; userId: string; typing: boolean };
  presence: SocketEventPayload<"presence_update">;
  /** Something failed in the background and is tried again, or done without. */
  trouble: {
    doing:
      | "storing"
      | "syncing"
      | "filling a hole"
      | "marking as read"
      | "marking as delivered"
      | "opening a chat";
    error: unknown;
  };
}
