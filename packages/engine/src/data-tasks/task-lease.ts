import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import type { DataTask as DataTaskRow, Prisma } from "../generated/prisma/client.js";

/** Whoever stopped without a word has been forgotten by then. */
const LEASE = "2 minutes";

/** What a worker that has a task in hand writes down as it goes. */
export interface TaskInHand {
  row: DataTaskRow;
  /** Notes how far it is, and keeps the task. Throws TaskLost when it is somebody else's by now, or over. */
  save(progress: { place: object; progress: number | null }): Promise<void>;
  /** Says that somebody is still at it. Does nothing for who has put it down or lost it. */
  keep(): Promise<void>;
  /** Puts it down: somebody goes on after the pause. */
  release(pauseMs: number): Promise<void>;
  /** Ends it for good. */
  finish(end: TaskEnd): Promise<void>;
}

export interface TaskEnd {
  state: "done" | "failed" | "refused";
  report?: object | undefined;
  error?: string | undefined;
  /** Instead of the person's id. */
  userId?: string | undefined;
  place?: object | undefined;
  expiresAt?: Date | undefined;
}

/** Somebody else has the task in hand, or has ended it. */
export class TaskLost extends Error {}

/** Takes a task in hand, alone; undefined when it is over, or not to be had now. */
export async function takeTask(engine: Engine, taskId: string): Promise<TaskInHand | undefined> {
  const { prisma } = engine.database;
  const taken = await guardDatabase(
    () => prisma.$queryRaw<Array<{ lease_until: Date }>>`
      UPDATE data_tasks SET state = 'running', started_at = coalesce(started_at, now()), lease_until = now() + ${LEASE}::interval
      WHERE id = ${taskId}::uuid AND state IN ('waiting', 'running') AND (lease_until IS NULL OR lease_until <= now())
      RETURNING lease_until`,
  );
  let lease = taken[0]?.lease_until;
  if (lease === undefined) return undefined;
  const row = await guardDatabase(() => prisma.dataTask.findUniqueOrThrow({ where: { id: taskId } }));
  // One change at a time: each is judged by the lease that the one before has left.
  let changing: Promise<unknown> = Promise.resolve();
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const turn = changing.then(work);
    changing = turn.catch(() => undefined);
    return turn;
  };
  const change = async (data: Prisma.DataTaskUpdateManyMutationInput, until: string) => {
    const { count } = await guardDatabase(() =>
      prisma.dataTask.updateMany({
        where: { id: taskId, state: "running", leaseUntil: lease as Date },
        data,
      }),
    );
    if (count === 0) throw new TaskLost();
    const [held] = await guardDatabase(
      () => prisma.$queryRaw<Array<{ lease_until: Date }>>`
        UPDATE data_tasks SET lease_until = now() + ${until}::interval WHERE id = ${taskId}::uuid RETURNING lease_until`,
    );
    lease = held?.lease_until;
  };
  const keep = async () => {
    if (isDown) return;
    const [held] = await guardDatabase(
      () => prisma.$queryRaw<Array<{ lease_until: Date }>>`
        UPDATE data_tasks SET lease_until = now() + ${LEASE}::interval
        WHERE id = ${taskId}::uuid AND state = 'running' AND lease_until = ${lease}::timestamptz RETURNING lease_until`,
    );
    lease = held?.lease_until ?? lease;
  };
  let isDown = false;
  const putDown = (data: Prisma.DataTaskUpdateManyMutationInput, until: string) => {
    isDown = true;
    return inTurn(() => change(data, until));
  };
  return {
    row,
    save: ({ place, progress }) =>
      inTurn(() => change({ place: place as Prisma.InputJsonObject, progress, tries: 0 }, LEASE)),
    keep: () => inTurn(keep),
    release: (pauseMs) => putDown({}, `${pauseMs} milliseconds`),
    finish: (end) => putDown({ ...endOf(end), finishedAt: engine.clock() }, LEASE),
  };
}

function endOf({ state, report, error, userId, place, expiresAt }: TaskEnd) {
  return {
    state,
    progress: state === "done" ? 1 : null,
    ...(report !== undefined && { report: report as Prisma.InputJsonObject }),
    ...(place !== undefined && { place: place as Prisma.InputJsonObject }),
    ...(error !== undefined && { error }),
    ...(userId !== undefined && { userId }),
    ...(expiresAt !== undefined && { expiresAt }),
  };
}
