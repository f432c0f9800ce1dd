import { checkCompleteness } from "./check-completeness.js";
import { checkConnections } from "./check-connections.js";
import { checkEdits } from "./check-edits.js";
import { checkFailedSends } from "./check-failed-sends.js";
import { checkMembership } from "./check-membership.js";
import { checkPhantoms } from "./check-phantoms.js";
import { checkReads } from "./check-reads.js";
import { checkRevocations } from "./check-revocations.js";
import { checkStored } from "./check-stored.js";
import { checkUnread } from "./check-unread.js";
import { FINDING_KINDS, type Finding, type FindingKind } from "./finding.js";
import type { RecordedEntry } from "./history-entry.js";
import { indexHistory } from "./history-index.js";
import { type HistoryFigures, measureHistory } from "./measure-history.js";
import { owedMessages } from "./owed-messages.js";
import type { Truth } from "./truth.js";

export interface CheckOptions {
  /** How long somebody who left may still be shown what was sent before they left; 2 s when left out. */
  leaveBoundMs?: number;
}

/** What a history and the truth say about the promises. No finding: every promise was kept. */
export interface Verdict {
  findings: Finding[];
  counts: Record<FindingKind, number>;
  figures: HistoryFigures;
}

const LEAVE_BOUND_MS = 2_000;

/** Decides from what clients logged, and from what is stored in the end, whether every promise was kept. Pure. */
export function checkHistory(
  entries: readonly RecordedEntry[],
  truth: Truth,
  { leaveBoundMs = LEAVE_BOUND_MS }: CheckOptions = {},
): Verdict {
  const index = indexHistory(entries, truth);
  const owed = [...owedMessages(index)];
  const findings = [
    ...checkStored(index),
    ...checkConnections(index),
    ...checkCompleteness(index, owed),
    ...checkReads(index),
    ...checkPhantoms(index),
    ...checkMembership(index, leaveBoundMs),
    ...checkEdits(index),
    ...checkFailedSends(index),
    ...checkRevocations(index),
    ...checkUnread(index),
  ];
  return { findings, counts: countByKind(findings), figures: measureHistory(index, owed) };
}

function countByKind(findings: readonly Finding[]): Record<FindingKind, number> {
  const counts = Object.fromEntries(Object.keys(FINDING_KINDS).map((kind) => [kind, 0])) as Record<
    FindingKind,
    number
  >;
  for (const { kind } of findings) counts[kind]++;
  return counts;
}
