import type { Engine } from "../engine.js";
import { archiveSegment } from "./archive-segment.js";
import { lockArchive } from "./lock-archive.js";

export interface ArchiveInput {
  chatId: string;
  /** Messages that were sent, and last changed, before this time go. */
  before: Date;
  /** Called after each segment with how many messages it took; the next one waits for it. `false` ends it here. */
  afterSegment?: (messages: number) => Promise<boolean>;
}

/** What archiving a chat, or many, has moved. */
export interface Archived {
  segments: number;
  messages: number;
  /** Bytes of the rows as text, and compressed. */
  rawBytes: number;
  storedBytes: number;
}

export interface ArchivedOfChat extends Archived {
  /** `busy`: somebody else held the chat; what is left goes with the next run. */
  ended: "done" | "legal_hold" | "busy" | "interrupted";
}

/**
 * Moves a chat's old messages into segments, each in one short transaction under the chat's lock; the rows that are left say what is still to do,
 * so a run that was killed is simply run again. The newest messages stay, as does what notifications or nodes that catch up may still read.
 * Refuses: chat_not_found, database_unavailable.
 */
export async function archiveChat(engine: Engine, input: ArchiveInput): Promise<ArchivedOfChat> {
  const { chatId, before } = input;
  const total: Archived = { segments: 0, messages: 0, rawBytes: 0, storedBytes: 0 };
  const { segmentFiles } = engine.database;
  let after = 0;
  for (;;) {
    const place = after;
    const step = await lockArchive(engine, chatId, async (transaction, chat) =>
      chat.legal_hold
        ? ("legal_hold" as const)
        : archiveSegment(transaction, { chatId, before, after: place, segmentFiles }),
    );
    if (typeof step === "string") return { ...total, ended: step };
    if (step.messages > 0) {
      total.segments++;
      total.messages += step.messages;
      total.rawBytes += step.rawBytes;
      total.storedBytes += step.storedBytes;
    }
    if (step.next === null) return { ...total, ended: "done" };
    after = step.next;
    if ((await input.afterSegment?.(step.messages)) === false) return { ...total, ended: "interrupted" };
  }
}
