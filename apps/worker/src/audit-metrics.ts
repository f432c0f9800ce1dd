import type { IntegrityFault } from "@parley/engine";
import { Counter, type Metrics } from "@parley/platform";

export interface AuditMetrics {
  checked: Counter;
  faults: Counter<"rule">;
}

const RULES = {
  seq_gap: true,
  rev_ahead: true,
  member_count: true,
  read_ahead: true,
} as const satisfies Record<IntegrityFault["rule"], true>;

/** What the audit of chats has found. Every rule stands there from the start, so that the first fault shows as an increase. */
export function createAuditMetrics({ registry }: Metrics): AuditMetrics {
  const registers = [registry];
  const checked = new Counter({
    name: "parley_integrity_chats_checked_total",
    help: "Chats whose rows were compared with what chats promise",
    registers,
  });
  const faults = new Counter({
    name: "parley_integrity_faults_total",
    help: "Promises that a chat's rows were found to break",
    labelNames: ["rule"],
    registers,
  });
  for (const rule of Object.keys(RULES)) faults.inc({ rule }, 0);
  return { checked, faults };
}
