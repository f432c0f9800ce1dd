import type { SocketEventName, SocketEventPayload } from "@parley/contracts";
import type { ParleyRefusal } from "../refusal.js";
import type { CommandInput, CommandName, CommandResult } from "../wire/commands.js";

/** An event of the server with its name. */
export type Heard = {
  [Name in SocketEventName]: { name: Name; payload: SocketEventPayload<Name> };
}[SocketEventName];

export interface LinkHooks {
  /** The server said `connected`: from here on nothing is missed. */
  opened(userId: string): void;
  heard(event: Heard): void;
  /** The link is over, or never came to be. Called once, and not after `close`. */
  lost(why: ParleyRefusal): void;
}

/** One connection, from its first attempt to its end. A new attempt is a new link. */
export interface Link {
  /** Rejects with a ParleyRefusal: the server's, or `connection_lost`, or `timed_out`. */
  ask<Name extends CommandName>(name: Name, input: CommandInput<Name>): Promise<CommandResult<Name>>;
  close(): void;
}

/** Begins a connection. */
export type Dial = (token: string, hooks: LinkHooks) => Link;
