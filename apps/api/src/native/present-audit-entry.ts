import type { AuditEntryShape } from "@parley/contracts";
import type { AuditEntry } from "@parley/engine";

/** An entry of the audit log on the native wire. */
export function presentAuditEntry(entry: AuditEntry): AuditEntryShape {
  const { id, at, actor, action, subject, outcome, reason, requestId, address, detail } = entry;
  return {
    id: String(id),
    at: at.toISOString(),
    actor,
    action,
    subject,
    outcome,
    reason,
    request_id: requestId,
    address,
    detail,
  };
}
