import type { FileShape, MessageShape, SearchPageShape, SocketEventPayload } from "@parley/contracts";
import type { UploadOptions } from "./actions/uploads.js";
import type { Chat, TimelineEntry } from "./chats/views.js";
import type { ClientEvents } from "./client-events.js";
import type { Status } from "./connection/connection.js";
import type { Draft } from "./outbox/outbox-entry.js";
import type { Store } from "./store/store.js";
import type { Request, RouteInput } from "./wire/routes.js";

export interface ClientOptions {
  /** Where the server is, such as `https://chat.example.com`. */
  url: string;
  /**
   * Gives a valid token. Asked at the start, and again whenever the server wants a fresh one: then it must not give the same one
   * again. However many requests wait for it, it runs once. When it throws three times in a row, the user counts as signed out.
   */
  token: () => Promise<string> | string;
  /**
   * Who is signed in. Needed to keep anything beyond this page or process: without it, the outbox and the chats live in memory.
   * A token of somebody else is refused.
   */
  userId?: string;
  /** Where things are kept. With a `userId`: IndexedDB where there is one, else memory. One store belongs to one user. */
  store?: Store;
  /** `websocket` alone unless told otherwise; polling must be switched on at the server. */
  transports?: Array<"websocket" | "polling">;
}

/** What to search in, as `GET /v1/search` takes it: one chat, one person, a time. */
export type SearchFilter = Omit<NonNullable<RouteInput<"GET /v1/search">["query"]>, "q">;

/** A message that was handed in. */
export interface Sending {
  /** Names the message for ever. */
  clientId: string;
  /** Resolves when the message is stored; rejects when it is refused for good, discarded, or the client is closed. */
  stored(): Promise<MessageShape>;
}

/** A user's connection to Parley, and all that is known of their chats. */
export interface ParleyClient {
  readonly status: Status;
  /** Who I am; known from the start if it was given, else from the first connection on. */
  readonly userId: string | undefined;
  /** Resolves when the chats are complete for the first time; rejects when the server refuses this client. */
  ready(): Promise<void>;
  /** Listens to an event; returns how to stop. */
  on<Name extends keyof ClientEvents>(name: Name, listener: (event: ClientEvents[Name]) => void): () => void;

  /** My chats, most recent activity first. The same array until something changes, as with all that follow. */
  chats(): readonly Chat[];
  chat(chatId: string): Chat | undefined;
  /** A chat's newest messages without a hole, oldest first, then mine that are not stored yet. */
  timeline(chatId: string): readonly TimelineEntry[];
  /** Brings older messages into the timeline. Resolves with whether there are more. */
  loadOlder(chatId: string, limit?: number): Promise<boolean>;
  /**
   * Searches my chats, newest first. Go on with `cursor: next_cursor` while there is one, also behind a page with few results or none: a call looks
   * through a bounded number of messages. Rejects with a ParleyRefusal.
   */
  search(text: string, filter?: SearchFilter): Promise<SearchPageShape>;
  /** Unread messages in all chats. */
  unread(): number;
  /** Who else types in a chat. */
  typists(chatId: string): string[];

  /** Sends a message: it is in the timeline at once, survives a reload, and is sent until it is stored or refused for good. */
  send(chatId: string, draft: string | Draft): Sending;
  /** Sends a failed message again. */
  retry(clientId: string): void;
  /** Takes a message out of the outbox that failed, or is not sent yet. */
  discard(clientId: string): void;

  /**
   * Uploads a file for a chat, and tries a few times while that may help, always by the same name. Resolves with the file: its `url` is
   * what a message names as `attachment_url`. Rejects with a ParleyRefusal, such as `body_too_large`, `file_quota_exceeded` or `aborted`.
   */
  upload(chatId: string, file: Blob | Uint8Array, options?: UploadOptions): Promise<FileShape>;

  // What follows is tried for 15 seconds when the connection is down, then rejects with a ParleyRefusal.
  edit(chatId: string, messageId: string, content: string): Promise<MessageShape>;
  delete(chatId: string, messageId: string): Promise<MessageShape>;
  react(chatId: string, messageId: string, emoji: string): Promise<MessageShape>;
  unreact(chatId: string, messageId: string, emoji: string): Promise<MessageShape>;
  /** Who is online. Later changes come as `presence` events. */
  presence(userIds: string[]): Promise<Array<SocketEventPayload<"presence_update">>>;
  setPresence(status: "online" | "away"): Promise<void>;

  /** I have read everything up to a message, or all. Counts here at once; the server is told once a second at most. */
  markRead(chatId: string, upToSeq?: number): void;
  /** I type, or have stopped. Call it at every key. */
  typing(chatId: string, typing?: boolean): void;
  /** I have the chat open, or not any more: while it is, nothing of it is pushed to me. Holds across reconnects. */
  viewing(chatId: string, open?: boolean): void;

  /** Any REST call, by its method and path: `request("POST /v1/chat", { body: … })`. */
  request: Request;
  /** Connects at once, instead of waiting for the next attempt or after a refusal. */
  connect(): void;
  /** Ends everything. What is in the outbox stays in the store. */
  close(): Promise<void>;
}
