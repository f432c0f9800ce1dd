import { ParleyError } from "@parley/contracts";
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
    await goOn(engine, { task, tools }).catch((error: unknown) => {
      if (error instanceof TaskLost) throw error;
      return noteFailure(engine, { task, error });
    });
  } catch (error) {
    // Whoever has it in hand now says what becomes of it.
    if (!(error instanceof TaskLost)) throw error;
  } finally {
    clearInterval(beat);
  }
}

async function goOn(
  engine: Engine,
  { task, tools }: { task: TaskInHand; tools: DataTaskTools },
): Promise<void> {
  const run = task.row.kind === "export" ? exportPerson : erasePerson;
  const outcome = await run(engine, { task, tools });
  if (outcome === null) return;
  await task.release(outcome.pauseMs);
  engine.enqueue("data.run", { taskId: task.row.id }, { delayMs: outcome.pauseMs + MARGIN_MS });
}

async function noteFailure(
  engine: Engine,
  { task, error }: { task: TaskInHand; error: unknown },
): Promise<void> {
  const { id, kind } = task.row;
  const tries = await task.fail();
  engine.log.error({ err: error, taskId: id, kind }, "An export or erasure failed; it is tried again");
  if (tries < MOST_TRIES) return task.release(FIRST_PAUSE_MS * 2 ** tries);
  const why =
    error instanceof ParleyError ? `${error.code}: ${error.message}` : "internal: see the worker's log";
  await task.finish({ state: "failed", error: why });
}
