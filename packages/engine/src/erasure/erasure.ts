import type { Transaction } from "../database/transaction.js";
import type { Engine } from "../engine.js";
import type { Mentions } from "./mentions.js";

/** An erasure under way. */
export interface Erasure {
  engine: Engine;
  taskId: string;
  userId: string;
  /** What stands in the person's place where something must: of this erasure alone, and made by chance. */
  pseudonym: string;
  mentions: Mentions;
}

/** How many rows of which tables. */
export type Counts = Readonly<Record<string, number>>;

/** Adds to the task's report, in the transaction that erases: so it is right whatever is killed in between. */
export async function countErased(
  transaction: Transaction,
  { taskId }: Pick<Erasure, "taskId">,
  counts: Counts,
): Promise<void> {
  for (const [table, count] of Object.entries(counts)) {
    if (count === 0) continue;
    await transaction.$executeRaw`
      UPDATE data_tasks SET report = jsonb_build_object('erased', coalesce(report -> 'erased', '{}') || jsonb_build_object(${table}::text,
        coalesce((report -> 'erased' ->> ${table}::text)::bigint, 0) + ${count}::int))
      WHERE id = ${taskId}::uuid`;
  }
}

/** A hold that came while the erasure ran: nothing more is erased. */
export class HeldMeanwhile extends Error {}
