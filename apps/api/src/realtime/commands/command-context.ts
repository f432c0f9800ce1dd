import type { COMMAND_CATALOGUE, CommandName } from "@parley/contracts";
import type { Engine } from "@parley/engine";
import type { Presence, RateLimiter, RoomPresence, Viewing } from "@parley/platform";
import type { z } from "zod";
import type { Authenticator } from "../../auth/create-authenticator.js";
import type { ApiConfig } from "../../config.js";
import type { Connection } from "../connection.js";
import type { Typing } from "../typing.js";

/** What all commands of a node share. */
export interface RealtimeParts {
  engine: Engine;
  limiter: RateLimiter;
  authenticator: Authenticator;
  presence: Presence;
  visitors: RoomPresence;
  viewing: Viewing;
  typing: Typing;
  config: ApiConfig;
}

/** What one command works with: the node's parts and the connection that asks. */
export interface CommandContext extends RealtimeParts {
  connection: Connection;
}

export type CommandInput<Name extends CommandName> = z.output<(typeof COMMAND_CATALOGUE)[Name]["input"]>;
export type CommandResult<Name extends CommandName> = z.input<(typeof COMMAND_CATALOGUE)[Name]["result"]>;

/** Runs one command; what it returns stands beside `ok: true` in the acknowledgement. */
export type CommandHandler<Name extends CommandName> = (
  context: CommandContext,
  input: CommandInput<Name>,
) => Promise<CommandResult<Name>>;
