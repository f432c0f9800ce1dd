import { runArchive, takeArchiveRun } from "@parley/engine";
import { countArchived, paceOf } from "./archive-pace.js";
import type { JobHandler } from "./job.js";

/** Carries out what operators asked of the archive, one after the other; what a killed worker had begun, too. A failure is noted with its run. */
export const archiveAsked: JobHandler<"archive.asked"> = async ({ engine, log, archive }) => {
  // Somebody holds their chats: they are taken up with the next look, and not at once.
  const held: string[] = [];
  for (;;) {
    if (archive.stopping.signal.aborted) break;
    const run = await takeArchiveRun(engine, { except: held });
    if (run === undefined) return;
    const { id: runId, kind, chatId } = run;
    try {
      const { policy } = archive;
      const { next: _, ...moved } = await runArchive(engine, { run, policy, afterSegment: paceOf(archive) });
      countArchived(archive, { kind, moved });
      log.info({ ...moved, runId, kind, chatId }, "A run of the archive that was asked for has ended");
      if (moved.state === "waiting") held.push(runId);
    } catch (error) {
      archive.metrics.failures.inc();
      log.error({ err: error, runId, kind, chatId }, "A run of the archive that was asked for has failed");
    }
  }
  // Whose jobs came while this one was at it, found that somebody was, and are over: another worker is asked to go on at once.
  engine.enqueue("archive.asked", {});
};
