import { collectFiles, sweepStorage } from "@parley/engine";
import type { JobHandler } from "./job.js";

/** An upload is long over by then, and a database that was restored has what the storage has. */
const SWEPT_AFTER_MS = 24 * 3_600_000;

/** Removes files that no message has attached any more, and once a day what lies in the storage and belongs to no file. */
export const filesCollect: JobHandler<"files.collect"> = async ({ engine, log }, { sweep }) => {
  // A schedule that was put in when there was a storage.
  if (engine.files === undefined) return;
  const collected = await collectFiles(engine);
  if (collected.removed + collected.failed > 0) log.info(collected, "Files that nothing needed were removed");
  if (!sweep) return;
  const swept = await sweepStorage(engine, { olderThanMs: SWEPT_AFTER_MS });
  if (swept.removed + swept.interrupted > 0)
    log.info(swept, "The storage had objects that belong to no file");
};
