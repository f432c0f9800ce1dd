import type { RecordedMessage } from "../checker/history-entry.js";
import type { ChatState, ClientView } from "./client-view.js";
import type { PlannedChat } from "./load-protocol.js";
import type { Recorder } from "./recorder.js";
import type { TcpProxy } from "./tcp-proxy.js";

/** How one attempt went: `fail` is certain not to have happened, `info` may have; without a code, no answer came. */
export type Attempt =
  | { type: "ok"; message?: RecordedMessage; seq?: number }
  | { type: "fail" | "info"; code?: string; retryAfterMs?: number };

/** What a read was answered with, and up to which number it speaks (absent: to the end). */
export interface ReadPage {
  shown: RecordedMessage[];
  through?: number;
}

/** A send that is under way. */
export interface Sending {
  key: string;
  done: Promise<Attempt>;
}

export interface ChaosClientOptions {
  url: string;
  userId: string;
  token: string;
  recorder: Recorder;
  /** All of the run. */
  chats: readonly PlannedChat[];
  /** What it connects through, where it can't stop reading by itself. */
  wire?: TcpProxy | undefined;
}

/**
 * One user's connection to the cluster, whatever speaks on it. It records when it is live and what it is shown, catches up after it was
 * away, and comes back by itself until it is stopped. Whoever asks it to do something records that and tries again. What its contract has
 * no call for is missing: `client-kinds.ts` says why.
 */
export interface ChaosClient {
  readonly userId: string;
  /** The one in use. */
  readonly token: string;
  /** What it knows; see `refresh`. */
  readonly view: ClientView;
  /** The connection over which something can be asked for; undefined while there is none. */
  readonly connection: string | undefined;
  /** Live, and caught up with what it missed. */
  readonly settled: boolean;
  /** The server does not want it, until it has another token. */
  readonly refused: boolean;
  start(): void;
  /** Sends a message, under the client id of an earlier attempt or a new one. */
  send(chat: string, message: { key?: string | undefined; text: string }): Sending;
  edit?(chat: string, message: { id: string; text: string }): Promise<Attempt>;
  remove?(chat: string, id: string): Promise<Attempt>;
  mark?(chat: string, upTo: { id: string; seq: number }): Promise<Attempt>;
  /** Reads all of a chat in the way of its contract; undefined when no answer came. Without it, its user reads pages of the native one. */
  read?(chat: string): Promise<ReadPage | undefined>;
  /** Brings `view` up to what an application would show now; `mine` is how far the user's chats have come. */
  refresh(mine: readonly ChatState[]): Promise<void>;
  /** Gives it a fresh token, with which it comes back. */
  renew(token: string): void;
  /** Stops reading what arrives, and goes on after a time. */
  stall(forMs: number): void;
  stop(): Promise<void>;
}

export type ChaosClientFactory = (options: ChaosClientOptions) => ChaosClient;
