import { LIMITS, type Message, ParleyError } from "@parley/contracts";
import type { Engine } from "../engine.js";
import type { Prisma } from "../generated/prisma/client.js";
import { assertMayWrite } from "../users/assert-may-write.js";
import { changeMessage, type MessageChange } from "./change-message.js";
import { summariseReactions } from "./summarise-reactions.js";

/**
 * Adds or takes back one reaction of the actor. Doing either twice changes nothing.
 * Refuses: chat_not_found, message_not_found, message_deleted, too_many_reactions, user_muted (of who adds one).
 */
export async function reactToMessage(
  engine: Engine,
  input: MessageChange & { emoji: string; remove: boolean },
): Promise<Message> {
  const { emoji, actor } = input;
  if (!input.remove) assertMayWrite(engine, actor);
  return changeMessage(engine, input, async (transaction, { message }) => {
    if (message.deletedAt !== null) throw new ParleyError("message_deleted");
    const key = { messageId: message.id, emoji, userId: actor.userId };
    const { count } = input.remove
      ? await transaction.reaction.deleteMany({ where: key })
      : await transaction.reaction.createMany({ data: [key], skipDuplicates: true });
    if (count === 0) return null;
    const summary = await summariseReactions(transaction, message.id);
    if (summary.length > LIMITS.reactionsPerMessage) throw new ParleyError("too_many_reactions");
    return { reactions: summary as unknown as Prisma.InputJsonValue };
  });
}
