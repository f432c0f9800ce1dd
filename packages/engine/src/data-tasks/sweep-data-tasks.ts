import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { removeExport } from "../exports/remove-export.js";

const AT_ONCE = 100;
/** No token is good for so long. */
const ERASED_KEPT = "400 days";

/** What one look found. */
export interface SweptDataTasks {
  /** Tasks that nobody has in hand: jobs were asked for. */
  taken: number;
  /** Exports that have expired, and are gone. */
  removed: number;
}

/** Asks for the jobs of tasks that nobody works on, whatever became of theirs, and removes exports that have expired. Throws database_unavailable. */
export async function sweepDataTasks(engine: Engine): Promise<SweptDataTasks> {
  const { prisma, pool } = engine.database;
  const due = await guardDatabase(
    () => prisma.$queryRaw<Array<{ id: string }>>`
      SELECT id FROM data_tasks WHERE state IN ('waiting', 'running') AND (lease_until IS NULL OR lease_until <= now()) ORDER BY lease_until LIMIT ${AT_ONCE}`,
  );
  for (const { id } of due) engine.enqueue("data.run", { taskId: id });
  const expired = await guardDatabase(() =>
    prisma.dataTask.findMany({
      where: { expiresAt: { lte: engine.clock() } },
      orderBy: { expiresAt: "asc" },
      take: AT_ONCE,
    }),
  );
  for (const task of expired) await removeExport(engine, task);
  await guardDatabase(() =>
    pool.query(
      `DELETE FROM user_access WHERE user_id LIKE 'erased:%' AND NOT blocked AND revoked_before < now() - '${ERASED_KEPT}'::interval`,
    ),
  );
  return { taken: due.length, removed: expired.length };
}
