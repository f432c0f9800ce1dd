import { type Actor, ParleyError } from "@parley/contracts";
import type { Engine } from "../engine.js";
import { positionRefusal } from "./position-refusal.js";

export interface MarkDeliveredInput {
  actor: Actor;
  chatId: string;
  /** A device of the actor has every message up to this one. */
  seq: number;
  /** The live connection that asks; the others are told, it has its answer. */
  connection?: string | undefined;
}

export interface DeliveredPosition {
  deliveredSeq: number;
  /** The revision that the move took; absent when nothing moved. */
  rev?: number;
}

/**
 * Moves the actor's delivered position forward; marks wait a moment for company. In chats of more than AUDIENCE_LIST_LIMIT members the
 * mark is accepted, and neither kept nor told. Resolves after the commit.
 * Refuses: chat_not_found, forbidden (operators outside the chat), invalid_input (beyond the newest message), overloaded.
 */
export async function markDelivered(engine: Engine, input: MarkDeliveredInput): Promise<DeliveredPosition> {
  const { actor, chatId, seq, connection } = input;
  const { userId } = actor;
  const moved = await engine.receipts.move({ chatId, userId, kind: "delivered", upTo: { seq }, connection });
  if (moved.kind === "refused") {
    if (moved.reason === "not_a_member") throw positionRefusal(actor);
    const errors = [{ path: "seq", message: "must not be beyond the chat's newest message" }];
    throw new ParleyError("invalid_input", { errors });
  }
  const { deliveredSeq, deliveredRev } = moved;
  return { deliveredSeq, ...(deliveredRev === null ? {} : { rev: deliveredRev }) };
}
