import { type Actor, ParleyError } from "@parley/contracts";
import { accessChat } from "../chats/chat-access.js";
import type { Engine } from "../engine.js";
import { type ReadPosition, readPositionOf } from "./mark-read.js";
import { positionRefusal } from "./position-refusal.js";

/**
 * Moves the actor's read position to the newest message that the chat has now; nothing is written when everything has been read.
 * Resolves after the commit. Refuses: chat_not_found, forbidden (operators outside the chat), overloaded.
 */
export async function markAllRead(
  engine: Engine,
  { actor, chatId }: { actor: Actor; chatId: string },
): Promise<ReadPosition> {
  const { chat, membership } = await accessChat(engine, { actor, chatId });
  if (membership === undefined) throw positionRefusal(actor);
  const { readSeq, shownReadSeq } = membership;
  // What was read in private is read once more: it is shown now if the reader has stopped to hide it.
  if ((shownReadSeq ?? readSeq) >= chat.lastSeq) return { readSeq, unreadCount: 0 };
  const upTo = { seq: chat.lastSeq };
  const moved = await engine.receipts.move({ chatId, userId: actor.userId, kind: "read", upTo });
  if (moved.kind === "moved") return readPositionOf(moved);
  // The number was read from the chat itself, and numbers never shrink.
  throw moved.reason === "not_a_member" ? positionRefusal(actor) : new ParleyError("internal");
}
