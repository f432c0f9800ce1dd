import type { Identity } from "@parley/contracts";
import type { Engine, MessageDraft, Sent } from "@parley/engine";

/** Somebody's presence in the cluster. */
export interface PresenceState {
  userId: string;
  status: "online" | "away" | "offline";
  /** ISO 8601 in UTC; now for somebody who is here, null for somebody who was never seen. */
  lastSeen: string | null;
}

/** What a dialect needs of the node besides the engine. */
export interface DialectPorts {
  /**
   * Counts a message against its sender's rate and stores it; a retry of one that is stored is answered however fast its sender is.
   * Resolves after the commit. A new message also comes to the sender as an event; of a retry nobody hears (`isRetry`), so where the
   * event is a contract's answer, a retry is answered with what the event had said. Where the first message begins the chat, a function
   * makes it once the message is counted and found sound. Throws rate_limited, and what that function and `sendMessage` of the engine throw.
   */
  send(input: {
    actor: Identity;
    chatId: string | (() => Promise<string>);
    draft: MessageDraft;
  }): Promise<Sent>;
  /** The cluster's view, in the order of the ids. Never rejects. */
  readPresence(userIds: string[]): Promise<PresenceState[]>;
  /** How many people have each open chat open, over all nodes, in the order of the ids. Never rejects. */
  countVisitors(chatIds: string[]): Promise<number[]>;
}

/** Who makes a request, and what it is answered with. */
export interface Caller {
  engine: Engine;
  ports: DialectPorts;
  identity: Identity;
}
