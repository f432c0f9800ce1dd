import type { Change } from "@parley/contracts";
import type { Frames, Wire } from "./wire.js";

/** A message in a chat that keeps how far its members have received. */
export interface ReceivedMessage {
  chatId: string;
  seq: number;
  senderId: string;
}

/** One live connection, as the fan-out sees it. */
export interface Receiver {
  readonly id: string;
  readonly userId: string;
  /** What its contract's events look like. */
  readonly wire: Wire;
  /** The only chat that it hears of, on contracts where a connection is for one chat. */
  readonly onlyChat?: string | undefined;
  /** Writes encoded frames, in the order of the calls; never throws and never waits. `message` is what they tell of, where they do. */
  receive(frames: Frames, message?: ReceivedMessage): void;
}

/** A user with at least one connection to this node, and the chats that this node follows for them. */
export interface LiveUser {
  readonly userId: string;
  readonly connections: Set<Receiver>;
  readonly cursors: Set<ChatCursor>;
  /** Chats that the user was removed from while connected, with the revision: a position read before must not let them back in. */
  readonly left: Map<string, number>;
  /** How far they were told to have read in private, by chat: the same news comes over the bus and from the log of commits. */
  readonly privateReads: Map<string, number>;
  /** All their chats are followed: from here on, a chat that this node does not know is one whose beginning it has missed. */
  settled: boolean;
}

/**
 * How far this node has delivered one chat to its connections. Kept for the chats of the users who are connected here, so
 * that every change is delivered once and in the order of revisions, whichever way it came.
 */
export interface ChatCursor {
  readonly chatId: string;
  /** The newest revision delivered. */
  rev: number;
  /** The newest message delivered. */
  seq: number;
  /** The members of the chat who are connected here. */
  readonly users: Set<LiveUser>;
  /** The newest revision that this node has heard of. */
  expected: number;
  /** Changes that came before their predecessor, by revision. */
  held: Map<number, Change> | null;
  /** Runs while something is held: then the hole is read from the database. */
  timer: NodeJS.Timeout | null;
  filling: boolean;
}

export function newCursor(position: { chatId: string; rev: number; seq: number }): ChatCursor {
  return { ...position, users: new Set(), expected: position.rev, held: null, timer: null, filling: false };
}

/** Large chats don't keep how far each of their members has received. */
export function receivedMessage({ body, audience }: Change): ReceivedMessage | undefined {
  return body.name === "message.created" && audience !== null ? body.message : undefined;
}
