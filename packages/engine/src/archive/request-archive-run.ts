import { type Actor, type AuditAction, ParleyError } from "@parley/contracts";
import { recordAudit } from "../audit/record-audit.js";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { isPrivileged } from "../policy.js";
import { type ArchiveRun, fromRow, lockArchiveRuns } from "./archive-runs.js";

export type ArchiveRequest =
  | { kind: "requested" }
  | { kind: "archive" | "purge"; chatId: string; before?: Date | undefined }
  | { kind: "restore"; chatId: string };

const ACTIONS = {
  requested: "archive.run_requested",
  archive: "chat.archived",
  purge: "chat.purged",
  restore: "chat.restored",
} as const satisfies Record<ArchiveRequest["kind"], AuditAction>;

/**
 * Asks the worker for a run of the archive. While the same is waiting already, that one is the answer.
 * Refuses: role_required, chat_not_found, chat_held (archiving and deleting), database_unavailable.
 */
export async function requestArchiveRun(
  engine: Engine,
  { actor, request }: { actor: Actor; request: ArchiveRequest },
): Promise<ArchiveRun> {
  if (!isPrivileged(actor)) throw new ParleyError("role_required");
  const { prisma } = engine.database;
  const chatId = "chatId" in request ? request.chatId : null;
  const before = "before" in request ? (request.before ?? null) : null;
  const run = await guardDatabase(async () => {
    if (chatId !== null) await assertFree(engine, { chatId, kind: request.kind });
    const same = { kind: request.kind, chatId, before, state: "waiting" };
    const data = { ...same, id: engine.ids(), requestedBy: actor.userId, createdAt: engine.clock() };
    const record = {
      actor,
      action: ACTIONS[request.kind],
      ...(chatId !== null && { subject: { kind: "chat", id: chatId } as const }),
      ...(before !== null && { detail: { before: before.toISOString() } }),
    };
    return prisma.$transaction(async (transaction) => {
      await lockArchiveRuns(transaction);
      const waiting = await transaction.archiveRun.findFirst({ where: same });
      if (waiting !== null) return fromRow(waiting);
      await recordAudit(transaction, [record]);
      return fromRow(await transaction.archiveRun.create({ data }));
    });
  });
  engine.enqueue("archive.asked", {});
  return run;
}

async function assertFree(
  engine: Engine,
  { chatId, kind }: { chatId: string; kind: ArchiveRequest["kind"] },
): Promise<void> {
  const { prisma } = engine.database;
  const chat = await prisma.chat.findUnique({ where: { id: chatId }, select: { legalHold: true } });
  if (chat === null) throw new ParleyError("chat_not_found");
  if (chat.legalHold && kind !== "restore") throw new ParleyError("chat_held");
}
