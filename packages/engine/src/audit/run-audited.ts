import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { type AuditRecord, recordAudit } from "./record-audit.js";

export interface AuditedStatement {
  /** Returns a row for each that it changed. */
  text: string;
  values: readonly unknown[];
  record: AuditRecord;
}

/** Runs one statement and, when it changed anything, notes it in the same transaction. Throws database_unavailable. */
export async function runAudited<Row>(
  engine: Engine,
  { text, values, record }: AuditedStatement,
): Promise<Row[]> {
  return guardDatabase(() =>
    engine.database.prisma.$transaction(async (transaction) => {
      const rows = await transaction.$queryRawUnsafe<Row[]>(text, ...values);
      if (rows.length > 0) await recordAudit(transaction, [record]);
      return rows;
    }),
  );
}
