import { runDataTask } from "@parley/engine";
import type { JobHandler } from "./job.js";

/** One job's share of a task: what comes after it finds its turn beside the other jobs. */
const SHARE_MS = 20_000;

/** Goes on with an export or erasure for a while; the engine asks for the next job. */
export const dataRun: JobHandler<"data.run"> = async ({ engine, dataDuties, archive }, { taskId }) => {
  const { settleMs, exportKeptMs, forget } = dataDuties;
  const end = performance.now() + SHARE_MS;
  const goesOn = () => !archive.stopping.signal.aborted && performance.now() < end;
  await runDataTask(engine, { taskId, goesOn, settleMs, exportKeptMs, forget });
};
