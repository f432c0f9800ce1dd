import type { Batch } from "@parley/contracts";
import type { Database } from "./database/database.js";
import type { MessageWriter } from "./messages/message-writer.js";
import type { KnownUsers } from "./users/known-users.js";

/** What the engine needs to say about itself; a pino logger fits. Never given a message text or a token. */
export interface EngineLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** What the process around the engine provides. */
export interface EnginePorts {
  /** Hands committed changes to the live connections of all nodes. Must not throw and must not wait. */
  publish: (batch: Batch) => void;
  log: EngineLog;
  clock: () => Date;
  /** New ids: UUID version 7. */
  ids: () => string;
}

/** The context of every engine function. */
export interface Engine extends EnginePorts {
  database: Database;
  writer: MessageWriter;
  knownUsers: KnownUsers;
}
