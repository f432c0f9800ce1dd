import { setTimeout } from "node:timers/promises";
import { archiveDue } from "@parley/engine";
import type { JobHandler } from "./job.js";

/** Archives what has passed its retention, at the pace that was set, until the next run is due or the worker stops. */
export const archiveRun: JobHandler<"archive.run"> = async ({ engine, log, archive }) => {
  const { policy, everyMs, messagesPerSecond, metrics } = archive;
  const { signal } = archive.stopping;
  const end = performance.now() + everyMs;
  const afterSegment = async (messages: number) => {
    await setTimeout((messages / messagesPerSecond) * 1_000, undefined, { signal }).catch(() => undefined);
    return !signal.aborted && performance.now() < end;
  };
  const { next, ...moved } = await archiveDue(engine, { policy, after: archive.after, afterSegment });
  archive.after = next;
  metrics.messages.inc(moved.messages);
  metrics.purged.inc(moved.purged);
  metrics.bytes.inc({ state: "raw" }, moved.rawBytes);
  metrics.bytes.inc({ state: "stored" }, moved.storedBytes);
  metrics.failures.inc(moved.failures);
  if (moved.messages + moved.purged + moved.failures > 0) log.info(moved, "Old messages were archived");
};
