import { type Actor, type Message, ParleyError } from "@parley/contracts";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { isPrivileged } from "../policy.js";
import { messageFromRow } from "./message-row.js";

/** A message by its integer name, as far as it is in a chat of the actor's. Refuses: message_not_found. */
export async function findMessage(
  engine: Engine,
  { actor, number }: { actor: Actor; number: number },
): Promise<Message> {
  const row = await guardDatabase(() =>
    engine.database.prisma.message.findFirst({
      where: {
        number,
        chat: isPrivileged(actor) ? {} : { members: { some: { userId: actor.userId, leftAt: null } } },
      },
    }),
  );
  if (row === null) throw new ParleyError("message_not_found");
  return messageFromRow(row);
}
