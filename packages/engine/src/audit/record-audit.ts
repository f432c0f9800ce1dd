import type { Actor, AuditAction } from "@parley/contracts";
import { guardDatabase } from "../database/database-failure.js";
import type { Transaction } from "../database/transaction.js";
import type { Engine } from "../engine.js";
import type { Prisma } from "../generated/prisma/client.js";

/** What the audit log keeps of an act. Never a message's text, a token or an endpoint. */
export interface AuditRecord {
  /** Null: nobody who is known. */
  actor: Actor | null;
  action: AuditAction;
  subject?: { kind: "user" | "chat" | "message" | "campaign" | "task" | "node" | "queue"; id: string };
  /** Somebody else whom it concerns. People are named here, as actor or as subject, and never in `detail`: an erasure finds them there. */
  personId?: string | undefined;
  outcome?: "done" | "refused";
  reason?: string | undefined;
  /** Of the client, where the actor's request does not say it. */
  address?: string | undefined;
  detail?: Record<string, string | number | boolean | null>;
}

/** Adds to the audit log, in one statement; part of the transaction of the act, so that neither is there without the other. */
export async function recordAudit(transaction: Transaction, records: readonly AuditRecord[]): Promise<void> {
  if (records.length === 0) return;
  await transaction.auditEntry.createMany({ data: records.map(rowOf) });
}

/** Notes an act that is not the engine's own, such as a download or a session. Throws database_unavailable. */
export async function noteAct(engine: Engine, record: AuditRecord): Promise<void> {
  await guardDatabase(() => recordAudit(engine.database.prisma, [record]));
}

function rowOf(record: AuditRecord): Prisma.AuditEntryCreateManyInput {
  const { actor, subject } = record;
  return {
    action: record.action,
    actorId: actor?.userId ?? null,
    actorRole: actor?.role ?? null,
    subjectKind: subject?.kind ?? null,
    subjectId: subject?.id ?? null,
    personId: record.personId ?? null,
    outcome: record.outcome ?? "done",
    reason: record.reason ?? null,
    requestId: actor?.origin?.requestId ?? null,
    address: record.address ?? actor?.origin?.address ?? null,
    detail: record.detail ?? {},
  };
}
