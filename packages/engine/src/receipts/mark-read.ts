import { type Actor, ParleyError } from "@parley/contracts";
import type { Engine } from "../engine.js";
import type { MovedPosition } from "./move-positions.js";
import { positionRefusal } from "./position-refusal.js";

export interface MarkReadInput {
  actor: Actor;
  chatId: string;
  messageIds: string[];
  /** The live connection that asks; the others are told, it has its answer. */
  connection?: string | undefined;
}

export interface ReadPosition {
  readSeq: number;
  unreadCount: number;
  /** The revision that the move took; absent when nothing moved that others see. */
  rev?: number;
}

/**
 * Moves the actor's read position up to the newest of the named messages. A position never moves back. What is read has been
 * delivered, too. Resolves after the commit.
 * Refuses: chat_not_found, forbidden (operators outside the chat), message_not_found (none of the ids is in the chat), overloaded.
 */
export async function markRead(engine: Engine, input: MarkReadInput): Promise<ReadPosition> {
  const { actor, chatId, messageIds, connection } = input;
  const { userId } = actor;
  const moved = await engine.receipts.move({
    chatId,
    userId,
    kind: "read",
    upTo: { messageIds },
    connection,
  });
  if (moved.kind === "refused") {
    if (moved.reason === "not_a_member") throw positionRefusal(actor);
    throw new ParleyError("message_not_found");
  }
  return readPositionOf(moved);
}

/** What a reader is told of a move. */
export function readPositionOf({ readSeq, lastSeq, readRev }: MovedPosition): ReadPosition {
  return { readSeq, unreadCount: lastSeq - readSeq, ...(readRev === null ? {} : { rev: readRev }) };
}
