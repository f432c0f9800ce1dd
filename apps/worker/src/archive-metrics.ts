import { Counter, type Metrics } from "@parley/platform";

export interface ArchiveMetrics {
  messages: Counter;
  purged: Counter;
  bytes: Counter<"state">;
  failures: Counter;
}

/** What the archive has taken. Its runs are jobs, and are measured as such. */
export function createArchiveMetrics({ registry }: Metrics): ArchiveMetrics {
  const registers = [registry];
  const messages = new Counter({
    name: "parley_archive_messages_total",
    help: "Messages that were moved into the archive",
    registers,
  });
  const purged = new Counter({
    name: "parley_archive_purged_messages_total",
    help: "Archived messages that were deleted for good",
    registers,
  });
  const bytes = new Counter({
    name: "parley_archive_bytes_total",
    help: "Bytes of the archived messages, as rows and as they are stored now",
    labelNames: ["state"],
    registers,
  });
  for (const state of ["raw", "stored"]) bytes.inc({ state }, 0);
  const failures = new Counter({
    name: "parley_archive_failures_total",
    help: "Chats that could not be archived",
    registers,
  });
  return { messages, purged, bytes, failures };
}
