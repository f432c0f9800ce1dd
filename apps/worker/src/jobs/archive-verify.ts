import { verifySegments } from "@parley/engine";
import type { JobHandler } from "./job.js";

/** Compares the next segments of the archive with what they were when they were written. A fault is logged and counted, never repaired. */
export const archiveVerify: JobHandler<"archive.verify"> = async ({ engine, log, audit }, { limit }) => {
  const { checked, elsewhere, faults, isRoundOver } = await verifySegments(engine, { limit });
  for (const { chatId, firstSeq, rule } of faults) {
    audit.faults.inc({ rule });
    log.error({ chatId, firstSeq, rule }, "A segment of the archive can't be read as it was written");
  }
  audit.segments.inc(checked);
  if (elsewhere > 0)
    log.warn({ elsewhere }, "Segments of the archive are in a storage that this worker does not have");
  if (isRoundOver && checked > 0) log.info({}, "All segments of the archive have been looked at");
};
