import type { AuditAction, DataTaskKind } from "@parley/contracts";
import type { AuditRecord } from "../audit/record-audit.js";

const ACTIONS = {
  export: { done: "data.exported", failed: "data.export_failed", refused: "data.export_failed" },
  erase: { done: "data.erased", failed: "data.erasure_failed", refused: "data.erasure_refused" },
} as const satisfies Record<DataTaskKind, Record<"done" | "failed" | "refused", AuditAction>>;

/** What the audit log says of a task that is over, in the name of who asked for it. `userId`: whose it was, or the pseudonym that is left. */
export function taskEnded(
  task: { id: string; kind: string; requestedBy: string },
  end: {
    state: "done" | "failed" | "refused";
    userId: string;
    error?: string | undefined;
    report?: object | undefined;
  },
): AuditRecord {
  const { state, userId, error, report = {} } = end;
  const bytes = "bytes" in report ? { bytes: Number(report.bytes) } : {};
  return {
    actor: { userId: task.requestedBy, role: "admin" },
    action: ACTIONS[task.kind as DataTaskKind][state],
    subject: { kind: "user", id: userId },
    ...(state === "refused" && { outcome: "refused" }),
    reason: error,
    detail: { task_id: task.id, ...bytes },
  };
}
