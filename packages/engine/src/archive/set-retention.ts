import { type Actor, ParleyError } from "@parley/contracts";
import { recordAudit } from "../audit/record-audit.js";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { isPrivileged } from "../policy.js";

export interface ChatRetention {
  /** Days; 0: never archived; null: as chats of its type. */
  archiveAfterDays: number | null;
  /** Nothing of the chat is archived or deleted by age. */
  legalHold: boolean;
}

const MOST_DAYS = 36_500;

/**
 * Changes what a chat's messages are kept for; what is left out stays. When it resolves, no run still archives or deletes by what was set before.
 * Refuses: role_required, invalid_input, chat_not_found.
 */
export async function setRetention(
  engine: Engine,
  input: { actor: Actor; chatId: string; change: Partial<ChatRetention>; reason?: string | undefined },
): Promise<ChatRetention> {
  const { actor, chatId, change, reason } = input;
  if (!isPrivileged(actor)) throw new ParleyError("role_required");
  assertDays(change.archiveAfterDays);
  const { archiveAfterDays, legalHold } = change;
  const data = {
    ...(archiveAfterDays !== undefined && { archiveAfterDays }),
    ...(legalHold !== undefined && { legalHold }),
  };
  const { prisma } = engine.database;
  const subject = { kind: "chat", id: chatId } as const;
  await guardDatabase(() =>
    prisma.$transaction(async (transaction) => {
      const { count } = await transaction.chat.updateMany({ where: { id: chatId }, data });
      if (count === 0) throw new ParleyError("chat_not_found");
      const record = { actor, action: "chat.retention_changed", subject, reason, detail: data } as const;
      await recordAudit(transaction, [record]);
    }),
  );
  const row = await guardDatabase(() =>
    prisma.chat.findUnique({ where: { id: chatId }, select: { archiveAfterDays: true, legalHold: true } }),
  );
  if (row === null) throw new ParleyError("chat_not_found");
  return row;
}

function assertDays(days: number | null | undefined): void {
  if (days === null || days === undefined) return;
  if (Number.isInteger(days) && days >= 0 && days <= MOST_DAYS) return;
  const message = `must be a whole number of days from 0 to ${MOST_DAYS}, or null`;
  throw new ParleyError("invalid_input", { errors: [{ path: "archive_after_days", message }] });
}
