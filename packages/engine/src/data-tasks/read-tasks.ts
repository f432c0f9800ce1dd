import { type Actor, type DataTaskKind, type DataTaskState, ParleyError } from "@parley/contracts";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { readByIndex } from "../oversight/read-by-index.js";
import { type DataTask, dataTaskOf } from "./data-task.js";

export interface DataTaskQuery {
  actor: Actor;
  kind?: DataTaskKind | undefined;
  userId?: string | undefined;
  state?: DataTaskState | undefined;
  cursor?: string | undefined;
  limit: number;
}

/** Tasks that one call looks at, where filters may leave little of them. */
const LOOKED_AT = 1_000;

interface Place {
  id: string;
  kind: string;
  state: string;
}

const LAST_ID = "ffffffff-ffff-ffff-ffff-ffffffffffff";

const OF_ALL = "SELECT id, kind, state FROM data_tasks WHERE id < $1::uuid ORDER BY id DESC LIMIT $2";

// What equals something is no part of an order for the planner, which may then choose another index.
const OF_USER = `SELECT id, kind, state FROM (
    SELECT * FROM data_tasks WHERE (user_id, id) < ($3, $1::uuid) ORDER BY user_id DESC, id DESC LIMIT $2
  ) t WHERE user_id = $3`;

/** A page of exports and erasures, the newest first. A page may be short and yet go on. Refuses: role_required. */
export async function listDataTasks(
  engine: Engine,
  query: DataTaskQuery,
): Promise<{ tasks: DataTask[]; nextCursor: string | null }> {
  const { actor, kind, userId, state, cursor, limit } = query;
  if (actor.role !== "admin") throw new ParleyError("role_required");
  const lookedAt = kind === undefined && state === undefined ? limit + 1 : LOOKED_AT;
  const rows = await readByIndex<Place>(engine, {
    text: userId === undefined ? OF_ALL : OF_USER,
    values: [cursor ?? LAST_ID, lookedAt, ...(userId === undefined ? [] : [userId])],
  });
  const fitting = rows.filter(
    (row) => (kind === undefined || row.kind === kind) && (state === undefined || row.state === state),
  );
  const told = fitting.slice(0, limit);
  const isFull = rows.length === lookedAt;
  const last = fitting.length > limit ? told.at(-1) : isFull ? rows.at(-1) : undefined;
  const ids = told.map(({ id }) => id);
  const tasks = await guardDatabase(() =>
    engine.database.prisma.dataTask.findMany({ where: { id: { in: ids } }, orderBy: { id: "desc" } }),
  );
  return { tasks: tasks.map(dataTaskOf), nextCursor: last?.id ?? null };
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
