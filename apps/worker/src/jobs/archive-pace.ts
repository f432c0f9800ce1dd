import { setTimeout } from "node:timers/promises";
import type { ArchiveRun, RanArchive } from "@parley/engine";
import type { JobContext } from "./job.js";

/** What waits after each segment, so that the database has time for everybody else; says no when the time is over, or the worker stops. */
export function paceOf(
  { messagesPerSecond, stopping: { signal } }: JobContext["archive"],
  { untilMs = Number.POSITIVE_INFINITY }: { untilMs?: number } = {},
): (messages: number) => Promise<boolean> {
  return async (messages) => {
    await setTimeout((messages / messagesPerSecond) * 1_000, undefined, { signal }).catch(() => undefined);
    return !signal.aborted && performance.now() < untilMs;
  };
}

/** Counts what a run has moved. */
export function countArchived(
  { metrics }: JobContext["archive"],
  { kind, moved }: { kind: ArchiveRun["kind"]; moved: Omit<RanArchive, "next"> },
): void {
  metrics.purged.inc(moved.purged);
  metrics.failures.inc(moved.failures);
  if (kind === "restore") return;
  metrics.messages.inc(moved.messages);
  metrics.bytes.inc({ state: "raw" }, moved.rawBytes);
  metrics.bytes.inc({ state: "stored" }, moved.storedBytes);
}
