import type { Actor } from "@parley/contracts";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { directKeyOf } from "./direct-key.js";

/** The chat of the actor with one other person; null when they have none yet, or the actor has left it. */
export async function findDirectChat(
  engine: Engine,
  { actor, userId }: { actor: Actor; userId: string },
): Promise<string | null> {
  const row = await guardDatabase(() =>
    engine.database.prisma.chat.findUnique({
      where: {
        directKey: directKeyOf(actor.userId, userId),
        members: { some: { userId: actor.userId, leftAt: null } },
      },
      select: { id: true },
    }),
  );
  return row?.id ?? null;
}
