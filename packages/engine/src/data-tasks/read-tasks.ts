import { type Actor, type DataTaskKind, type DataTaskState, ParleyError } from "@parley/contracts";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { type DataTask, dataTaskOf } from "./data-task.js";

export interface DataTaskQuery {
  actor: Actor;
  kind?: DataTaskKind | undefined;
  userId?: string | undefined;
  state?: DataTaskState | undefined;
  cursor?: string | undefined;
  limit: number;
}

/** Tasks that one call looks at, whatever its filters leave of them. */
const LOOKED_AT = 1_000;

/** A page of exports and erasures, the newest first. A page may be short and yet go on. Refuses: role_required. */
export async function listDataTasks(
  engine: Engine,
  query: DataTaskQuery,
): Promise<{ tasks: DataTask[]; nextCursor: string | null }> {
  const { actor, kind, userId, state, cursor, limit } = query;
  if (actor.role !== "admin") throw new ParleyError("role_required");
  const rows = await guardDatabase(() =>
    engine.database.prisma.dataTask.findMany({
      where: { ...(userId !== undefined && { userId }), ...(cursor !== undefined && { id: { lt: cursor } }) },
      orderBy: userId === undefined ? { id: "desc" } : [{ userId: "desc" }, { id: "desc" }],
      take: LOOKED_AT,
    }),
  );
  const fitting = rows.filter(
    (row) => (kind === undefined || row.kind === kind) && (state === undefined || row.state === state),
  );
  const told = fitting.slice(0, limit);
  const isFull = rows.length === LOOKED_AT;
  const last = fitting.length > limit ? told.at(-1) : isFull ? rows.at(-1) : undefined;
  return { tasks: told.map(dataTaskOf), nextCursor: last?.id ?? null };
}

/** Refuses: role_required, task_not_found. */
export async function getDataTask(
  engine: Engine,
  { actor, taskId }: { actor: Actor; taskId: string },
): Promise<DataTask> {
  if (actor.role !== "admin") throw new ParleyError("role_required");
  const row = await guardDatabase(() =>
    engine.database.prisma.dataTask.findUnique({ where: { id: taskId } }),
  );
  if (row === null) throw new ParleyError("task_not_found");
  return dataTaskOf(row);
}
