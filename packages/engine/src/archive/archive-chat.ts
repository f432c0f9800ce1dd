import { ParleyError } from "@parley/contracts";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { type ArchiveStep, archiveSegment, prepareSegment } from "./archive-segment.js";
import { lockArchive } from "./lock-archive.js";
import { removeSegmentObject } from "./remove-segment-object.js";

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

/** How often a segment is prepared anew because its rows changed meanwhile. */
const MOST_TRIES = 3;

/**
 * Moves a chat's old messages into segments, each in one short transaction under the chat's lock; the rows that are left say what is still to do,
 * so a run that was killed is simply run again. The newest messages stay, as does what notifications or nodes that catch up may still read.
 * Refuses: chat_not_found, database_unavailable.
 */
export async function archiveChat(engine: Engine, input: ArchiveInput): Promise<ArchivedOfChat> {
  const { chatId, before } = input;
  const total: Archived = { segments: 0, messages: 0, rawBytes: 0, storedBytes: 0 };
  let after = 0;
  for (;;) {
    const step = await archiveNext(engine, { chatId, before, after });
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

/** One segment: made and stored first, then, under the chat's lock, put in the place of its rows. */
async function archiveNext(
  engine: Engine,
  place: { chatId: string; before: Date; after: number },
): Promise<ArchiveStep | "legal_hold" | "busy"> {
  const { prisma, segmentFiles } = engine.database;
  const { chatId } = place;
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const chat = await guardDatabase(() =>
      prisma.chat.findUnique({ where: { id: chatId }, select: { legalHold: true } }),
    );
    if (chat === null) throw new ParleyError("chat_not_found");
    if (chat.legalHold) return "legal_hold";
    const prepared = await guardDatabase(() => prepareSegment(prisma, { ...place, segmentFiles }));
    if (prepared === null || typeof prepared === "number")
      return { messages: 0, rawBytes: 0, storedBytes: 0, next: prepared };
    const step = await lockArchive(engine, chatId, async (transaction, { legal_hold: isHeld }) =>
      isHeld ? ("legal_hold" as const) : archiveSegment(transaction, { ...place, segmentFiles, prepared }),
    );
    if (typeof step !== "string") return step;
    await removeSegmentObject(engine, prepared.placed.storageKey);
    if (step !== "changed") return step;
  }
  return "busy";
}
