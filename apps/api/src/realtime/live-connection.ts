import type { Actor, DisconnectReason, Identity } from "@parley/contracts";
import type { BusState } from "./bus-probe.js";
import type { Receiver } from "./live-user.js";

/** A connection of any contract: who it is, and how it is told what concerns every connection. */
export interface LiveConnection extends Receiver {
  readonly identity: Identity;
  readonly actor: Actor;
  /** Chats that the client has open. */
  readonly viewing: Set<string>;
  /** Requests that have no answer yet; a drain waits for them. */
  readonly running: number;
  readonly open: boolean;
  /** The client is live: tells it so, and then everything that came meanwhile. */
  welcome(now: Date): void;
  tellBusState(state: BusState): void;
  tellDraining(retryAfterMs: number): void;
  /** Called about once a second: tells an expired client, and ends it when no fresh token has come. */
  checkExpiry(nowMs: number): void;
  /** Says why and closes. */
  end(reason: DisconnectReason): void;
}
