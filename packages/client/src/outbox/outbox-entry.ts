import type { MessageShape } from "@parley/contracts";
import type { RefusalFacts } from "../refusal.js";
import type { CommandInput } from "../wire/commands.js";

/** What an application gives to be sent. */
export type Draft = Omit<CommandInput<"send_message">["message"], "client_id">;

/** A message of mine that is not known to be stored. */
export interface OutboxEntry {
  clientId: string;
  chatId: string;
  draft: Draft;
  /** When it was written; also its place in the line. */
  at: number;
  /** Why it was refused for good. */
  failed?: RefusalFacts | undefined;
}

/** What clients that share an outbox tell each other. */
export type OutboxNote =
  | { type: "written"; entry: OutboxEntry }
  | { type: "stored"; message: MessageShape }
  | { type: "discarded"; clientId: string };

export function isOutboxNote(note: unknown): note is OutboxNote {
  return typeof note === "object" && note !== null && "type" in note;
}
