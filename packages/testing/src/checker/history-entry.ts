import type { ClientKind } from "./client-kinds.js";

/**
 * What a client may do that the checker judges. `join` and `leave` are changes of membership, whoever makes them; `revoke` takes a user's
 * access away, and `admit` is the moment in which they get a fresh token.
 */
export type OperationName =
  | "send"
  | "edit"
  | "delete"
  | "read"
  | "mark"
  | "join"
  | "leave"
  | "revoke"
  | "admit";

/** Milliseconds on the machine's one monotonic clock, so that the entries of several processes have one order. */
interface Stamped {
  at: number;
  user: string;
}

/** A message as a client or the storage shows it; `sum` is a digest of its text. */
export interface ShownMessage {
  id: string;
  seq: number;
  rev: number;
  sender: string;
  /** The client id of the send. */
  key?: string | undefined;
  sum: string;
  deleted?: true | undefined;
}

/** A message as contracts with integers show it. They say neither its place nor its revision; what is stored in the end does. */
export interface NumberedMessage {
  number: number;
  sender: string;
  key?: string | undefined;
  sum: string;
}

/** A message as clients record it, whichever contract they speak. */
export type RecordedMessage = ShownMessage | NumberedMessage;

/** One attempt begins. A retry is an operation of its own with the same `key`. */
export interface Invocation extends Stamped {
  type: "invoke";
  op: string;
  f: OperationName;
  /** Empty where no chat is meant. */
  chat: string;
  /** The connection that carried it, where one did. */
  conn?: string | undefined;
  /** send: its client id. */
  key?: string | undefined;
  /** send, edit: what the text is to be. */
  sum?: string | undefined;
  /** edit, delete: the message. */
  id?: string | undefined;
  /** mark: up to here; read: from after here. */
  seq?: number | undefined;
  /** join, leave: who comes or goes; revoke, admit: whose access it is. */
  about?: string | undefined;
  /** revoke: milliseconds after its answer in which something may still reach the user. */
  boundMs?: number | undefined;
}

/** How an attempt ended: done, certainly not done, or nobody knows (`info`). */
export interface Outcome<Message = ShownMessage> extends Stamped {
  type: "ok" | "fail" | "info";
  op: string;
  /** Why not; absent where no answer came. */
  code?: string | undefined;
  /** send, edit, delete: the message that was answered. */
  message?: Message | undefined;
  /** read: what was shown, and up to which number the answer spoke (absent: to the end). */
  shown?: Message[] | undefined;
  through?: number | undefined;
  /** mark: the position that was answered. */
  seq?: number | undefined;
}

export type ReceivedEvent = "new_message" | "message_updated" | "member_added" | "member_removed";

/** Something reached a client: by itself (`live`), or because the client asked for what it had missed (`catch-up`). */
export interface Received<Message = ShownMessage> extends Stamped {
  type: "recv";
  conn: string;
  via: "live" | "catch-up";
  event: ReceivedEvent;
  chat: string;
  message?: Message | undefined;
  about?: string | undefined;
}

/**
 * A connection became live, or ended; one without an end was open to the last. One that is `away` shows nothing until it is `back`, and
 * owes it then: it does not read for a time, or it is a client that bridges lost connections by itself.
 */
export interface ConnectionEntry extends Stamped {
  type: "open" | "away" | "back" | "close";
  conn: string;
  why?: string | undefined;
  /** open: what the user connects with; a kind that can do everything when left out. */
  kind?: ClientKind | undefined;
}

/** A user was told that their message failed, and that nothing will be tried any more. */
export interface FailedSend extends Stamped {
  type: "failed";
  conn: string;
  chat: string;
  key: string;
  code: string;
}

export type HistoryEntry<Message = ShownMessage> =
  | Invocation
  | Outcome<Message>
  | Received<Message>
  | ConnectionEntry
  | FailedSend;

/** An entry as it stands in a history. */
export type RecordedEntry = HistoryEntry<RecordedMessage>;
