import { type Actor, ParleyError } from "@parley/contracts";
import { recordAudit } from "../audit/record-audit.js";
import { guardDatabase } from "../database/database-failure.js";
import type { Transaction } from "../database/transaction.js";
import type { Engine } from "../engine.js";
import { assertPerson } from "./assert-person.js";

export interface HoldInput {
  actor: Actor;
  userId: string;
  held: boolean;
  reason: string;
}

/**
 * Puts a person under legal hold, or lifts it: meanwhile they are not erased, and nothing that they wrote is purged. Refuses: role_required,
 * forbidden (an id that is nobody's).
 */
export async function setHold(engine: Engine, input: HoldInput): Promise<void> {
  const { actor, userId, held, reason } = input;
  if (actor.role !== "admin") throw new ParleyError("role_required");
  assertPerson(userId);
  await guardDatabase(() =>
    engine.database.prisma.$transaction(async (transaction) => {
      if (held) {
        const hold = { reason, heldBy: actor.userId };
        await transaction.userHold.upsert({ where: { userId }, create: { userId, ...hold }, update: hold });
      } else await transaction.userHold.deleteMany({ where: { userId } });
      const subject = { kind: "user", id: userId } as const;
      await recordAudit(transaction, [
        { actor, action: "user.hold_changed", subject, reason, detail: { held } },
      ]);
    }),
  );
}

/** Whether any of these people is under legal hold. */
export async function isAnyHeld(transaction: Transaction, userIds: readonly string[]): Promise<boolean> {
  const held = await transaction.userHold.findFirst({
    where: { userId: { in: [...userIds] } },
    select: { userId: true },
  });
  return held !== null;
}
