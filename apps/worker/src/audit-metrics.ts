import type { IntegrityFault, SegmentFault } from "@parley/engine";
import { Counter, type Metrics } from "@parley/platform";

export interface AuditMetrics {
  checked: Counter;
  segments: Counter;
  faults: Counter<"rule">;
}

const RULES = {
  seq_gap: true,
  rev_ahead: true,
  member_count: true,
  read_ahead: true,
  segment_missing: true,
  segment_spoilt: true,
} as const satisfies Record<IntegrityFault["rule"] | SegmentFault["rule"], true>;

/** What the audit of chats and of the archive has found. Every rule stands there from the start, so that the first fault shows as an increase. */
export function createAuditMetrics({ registry }: Metrics): AuditMetrics {
  const registers = [registry];
  const checked = new Counter({
    name: "parley_integrity_chats_checked_total",
    help: "Chats whose rows were compared with what chats promise",
    registers,
  });
  const segments = new Counter({
    name: "parley_integrity_segments_checked_total",
    help: "Segments of the archive that were read and compared with their checksums",
    registers,
  });
  const faults = new Counter({
    name: "parley_integrity_faults_total",
    help: "Promises that a chat's rows, or a segment of its archive, were found to break",
    labelNames: ["rule"],
    registers,
  });
  for (const rule of Object.keys(RULES)) faults.inc({ rule }, 0);
  return { checked, segments, faults };
}
