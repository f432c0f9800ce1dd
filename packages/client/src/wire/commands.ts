import type { COMMAND_CATALOGUE, CommandName } from "@parley/contracts";
import type { Accepts, Yields } from "./schema-types.js";

type Catalogue = typeof COMMAND_CATALOGUE;

export type CommandInput<Name extends CommandName> = Accepts<Catalogue[Name]["input"]>;
export type CommandResult<Name extends CommandName> = Yields<Catalogue[Name]["result"]>;

/** Sends a command over the socket and waits for its answer. */
export type Ask = <Name extends CommandName>(
  name: Name,
  input: CommandInput<Name>,
) => Promise<CommandResult<Name>>;

export type { CommandName };
