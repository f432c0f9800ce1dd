import type { DataTaskShape } from "@parley/contracts";
import type { DataTask } from "@parley/engine";

/** An export or erasure on the native wire. */
export function presentDataTask(task: DataTask): DataTaskShape {
  const { id, kind, state, progress, report, error } = task;
  const time = (at: Date | null) => at?.toISOString() ?? null;
  return {
    id,
    kind,
    user_id: task.userId,
    state,
    progress,
    report,
    error,
    requested_by: task.requestedBy,
    created_at: task.createdAt.toISOString(),
    started_at: time(task.startedAt),
    finished_at: time(task.finishedAt),
    expires_at: time(task.expiresAt),
  };
}
