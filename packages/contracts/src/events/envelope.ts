import type { ChangeBody, SignalBody } from "./catalogue.js";
import type { PrivateRead } from "./private-read.js";

/**
 * Who an event is for: named users (chats up to AUDIENCE_LIST_LIMIT members), or everyone in the chat, whom each node
 * knows by itself (`null`).
 */
export type Audience = string[] | null;

/** One stored change of one chat. `rev` counts the chat's changes from 1 without gaps. */
export interface Change {
  chatId: string;
  rev: number;
  /** The chat's newest message after the change. */
  seq: number;
  audience: Audience;
  /** The connection that caused it and has its answer already, where the contract says "to others". */
  exceptConnection?: string;
  body: ChangeBody;
}

/** Passing news about a chat, or (`chatId` null) about a user, to named people. */
export interface Signal {
  chatId: string | null;
  audience: Audience;
  exceptUser?: string;
  body: SignalBody;
}

/** What one commit sends to every node, as one packet. */
export interface Batch {
  changes: Change[];
  signals: Signal[];
  /** Users whose access has changed (revoked, blocked, unblocked): the nodes look it up. */
  access?: string[];
  /** For the readers' own connections. */
  privateReads?: PrivateRead[];
}
