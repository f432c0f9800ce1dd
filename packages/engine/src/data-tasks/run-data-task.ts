import { ParleyError } from "@parley/contracts";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { erasePerson } from "../erasure/erase-person.js";
import { exportPerson } from "../exports/export-person.js";
import type { DataTaskTools } from "./data-task-tools.js";
import { type TaskInHand, TaskLost, takeTask } from "./task-lease.js";

const MOST_TRIES = 8;
const FIRST_PAUSE_MS = 5_000;
/** The clocks of Redis and Postgres may differ: a job that comes too early finds nothing to do. */
const MARGIN_MS = 250;
/** A step may take longer than a task is kept for whoever says nothing: a chat with a long archive does. */
const SIGN_OF_LIFE_MS = 30_000;

/**
 * Goes on with an export or an erasure, alone, until it is over, may not go on, or has to wait; then the job is asked for again. What fails is
 * tried again, with longer and longer pauses, and given up after the eighth time in a row. Throws database_unavailable.
 */
export async function runDataTask(engine: Engine, input: DataTaskTools & { taskId: string }): Promise<void> {
  const { taskId, ...tools } = input;
  const task = await takeTask(engine, taskId);
  if (task === undefined) return;
  const beat = setInterval(() => {
    task
      .keep()
      .catch((error: unknown) =>
        engine.log.warn({ err: error, taskId }, "An export or erasure could not say that it goes on"),
      );
  }, SIGN_OF_LIFE_MS);
  try {
    const run = task.row.kind === "export" ? exportPerson : erasePerson;
    const outcome = await run(engine, { task, tools });
    if (outcome === null) return;
    await task.release(outcome.pauseMs);
    engine.enqueue("data.run", { taskId }, { delayMs: outcome.pauseMs + MARGIN_MS });
  } catch (error) {
    if (error instanceof TaskLost) return;
    await noteFailure(engine, { task, error });
  } finally {
    clearInterval(beat);
  }
}

async function noteFailure(
  engine: Engine,
  { task, error }: { task: TaskInHand; error: unknown },
): Promise<void> {
  const { id, kind } = task.row;
  engine.log.error({ err: error, taskId: id, kind }, "An export or erasure failed; it is tried again");
  const { tries } = await guardDatabase(() =>
    engine.database.prisma.dataTask.update({
      where: { id },
      data: { tries: { increment: 1 } },
      select: { tries: true },
    }),
  );
  if (tries < MOST_TRIES) return task.release(FIRST_PAUSE_MS * 2 ** tries);
  const why =
    error instanceof ParleyError ? `${error.code}: ${error.message}` : "internal: see the worker's log";
  await task.finish({ state: "failed", error: why });
}
