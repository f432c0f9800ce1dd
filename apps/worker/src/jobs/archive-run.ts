import { beginArchiveRun, runArchive } from "@parley/engine";
import { countArchived, paceOf } from "./archive-pace.js";
import type { JobHandler } from "./job.js";

/** Archives what has passed its retention, at the pace that was set, until the next run is due or the worker stops. */
export const archiveRun: JobHandler<"archive.run"> = async ({ engine, log, archive }) => {
  const { policy, everyMs, after } = archive;
  const run = await beginArchiveRun(engine);
  const afterSegment = paceOf(archive, { untilMs: performance.now() + everyMs });
  const { next, ...moved } = await runArchive(engine, { run, policy, after, afterSegment });
  archive.after = next;
  countArchived(archive, { kind: run.kind, moved });
  if (moved.messages + moved.purged + moved.failures > 0) log.info(moved, "Old messages were archived");
};
