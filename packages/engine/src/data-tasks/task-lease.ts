import { type AuditRecord, recordAudit } from "../audit/record-audit.js";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import type { DataTask as DataTaskRow, Prisma } from "../generated/prisma/client.js";
import { taskEnded } from "./task-ended.js";

/** Whoever stopped without a word has been forgotten by then. */
const LEASE = "2 minutes";

/** What a worker that has a task in hand writes down as it goes. */
export interface TaskInHand {
  row: DataTaskRow;
  /** Notes how far it is, and keeps the task. Throws TaskLost when it is somebody else's by now, or over. */
  save(progress: { place: object; progress: number | null }): Promise<void>;
  /** Notes what is about to be done, which is no step forward yet, and keeps the task. Throws TaskLost. */
  plan(place: object): Promise<void>;
  /** Says that somebody is still at it. Does nothing for who has put it down or lost it. */
  keep(): Promise<void>;
  /** Counts one more failure since the last step forward, and keeps the task. Resolves with how many there are now. Throws TaskLost. */
  fail(): Promise<number>;
  /** Puts it down: somebody goes on after the pause. Throws TaskLost. */
  release(pauseMs: number): Promise<void>;
  /** Ends it for good, and says so in the audit log together with it. Throws TaskLost. */
  finish(end: TaskEnd): Promise<void>;
}

export interface TaskEnd {
  state: "done" | "failed" | "refused";
  report?: object | undefined;
  error?: string | undefined;
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
  const lease = taken[0]?.lease_until;
  if (lease === undefined) return undefined;
  const row = await guardDatabase(() => prisma.dataTask.findUniqueOrThrow({ where: { id: taskId } }));
  return inHand(engine, { row, lease: new Lease(engine, { taskId, until: lease }) });
}

function inHand(engine: Engine, { row, lease }: { row: DataTaskRow; lease: Lease }): TaskInHand {
  // One change at a time: each is judged by the lease that the one before has left.
  let changing: Promise<unknown> = Promise.resolve();
  let isDown = false;
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const turn = changing.then(work);
    changing = turn.catch(() => undefined);
    return turn;
  };
  const change = async (data: Prisma.DataTaskUpdateManyMutationInput, how: Change): Promise<void> => {
    await inTurn(() => lease.change(data, how));
  };
  const putDown = (data: Prisma.DataTaskUpdateManyMutationInput, how: Change) => {
    isDown = true;
    return change(data, how);
  };
  const kept = { until: LEASE };
  return {
    row,
    save: ({ place, progress }) =>
      change({ place: place as Prisma.InputJsonObject, progress, tries: 0 }, kept),
    plan: (place) => change({ place: place as Prisma.InputJsonObject }, kept),
    keep: () => inTurn(async () => void (isDown || (await lease.keep()))),
    fail: () => inTurn(() => lease.change({ tries: { increment: 1 } }, kept)),
    release: (pauseMs) => putDown({}, { until: `${pauseMs} milliseconds` }),
    finish: (end) => {
      const record = taskEnded(row, { userId: row.userId, ...end });
      return putDown({ ...endOf(end), finishedAt: engine.clock() }, { until: LEASE, record });
    },
  };
}

/** Until when a task is somebody's, as they know it: the database agrees as long as nobody else has taken it. */
class Lease {
  readonly #engine: Engine;
  readonly #taskId: string;
  #until: Date;

  constructor(engine: Engine, { taskId, until }: { taskId: string; until: Date }) {
    this.#engine = engine;
    this.#taskId = taskId;
    this.#until = until;
  }

  /** Changes the task and how long it is kept, in one transaction. Resolves with its failures in a row. Throws TaskLost. */
  async change(data: Prisma.DataTaskUpdateManyMutationInput, { until, record }: Change): Promise<number> {
    const held = await guardDatabase(() =>
      this.#engine.database.prisma.$transaction(async (transaction) => {
        const where = { id: this.#taskId, state: "running", leaseUntil: this.#until };
        const { count } = await transaction.dataTask.updateMany({ where, data });
        // Told apart from what fails, which may be tried again.
        if (count === 0) return undefined;
        await recordAudit(transaction, record ? [record] : []);
        const [row] = await transaction.$queryRaw<Array<{ lease_until: Date; tries: number }>>`
          UPDATE data_tasks SET lease_until = now() + ${until}::interval WHERE id = ${this.#taskId}::uuid RETURNING lease_until, tries`;
        return row;
      }),
    );
    if (held === undefined) throw new TaskLost();
    this.#until = held.lease_until;
    return held.tries;
  }

  async keep(): Promise<void> {
    const { prisma } = this.#engine.database;
    const [held] = await guardDatabase(
      () => prisma.$queryRaw<Array<{ lease_until: Date }>>`
        UPDATE data_tasks SET lease_until = now() + ${LEASE}::interval
        WHERE id = ${this.#taskId}::uuid AND state = 'running' AND lease_until = ${this.#until}::timestamptz RETURNING lease_until`,
    );
    this.#until = held?.lease_until ?? this.#until;
  }
}

/** How a task is changed: for how long it is kept, and what the audit log says of it. */
interface Change {
  until: string;
  record?: AuditRecord;
}

function endOf({ state, report, error, place, expiresAt }: TaskEnd) {
  return {
    state,
    progress: state === "done" ? 1 : null,
    ...(report !== undefined && { report: report as Prisma.InputJsonObject }),
    ...(place !== undefined && { place: place as Prisma.InputJsonObject }),
    ...(error !== undefined && { error }),
    ...(expiresAt !== undefined && { expiresAt }),
  };
}
