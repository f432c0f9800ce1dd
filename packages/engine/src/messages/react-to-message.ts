import { LIMITS, type Message, ParleyError, type Reaction } from "@parley/contracts";
import type { Transaction } from "../database/transaction.js";
import type { Engine } from "../engine.js";
import type { Prisma } from "../generated/prisma/client.js";
import { assertMayWrite } from "../users/assert-may-write.js";
import { changeMessage, type MessageChange } from "./change-message.js";

const NAMED_PEOPLE = 20;

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
    const summary = await summarise(transaction, message.id);
    if (summary.length > LIMITS.reactionsPerMessage) throw new ParleyError("too_many_reactions");
    return { reactions: summary as unknown as Prisma.InputJsonValue };
  });
}

async function summarise(transaction: Transaction, messageId: string): Promise<Reaction[]> {
  return transaction.$queryRaw<Reaction[]>`
    SELECT emoji, count(*)::int AS count,
      (array_agg(user_id ORDER BY created_at, user_id))[1:${NAMED_PEOPLE}::int] AS "userIds"
    FROM reactions WHERE message_id = ${messageId}::uuid
    GROUP BY emoji ORDER BY min(created_at), emoji`;
}
