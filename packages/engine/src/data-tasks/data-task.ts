import type { DataTaskKind, DataTaskState } from "@parley/contracts";
import type { DataTask as DataTaskRow } from "../generated/prisma/client.js";

/** An export or an erasure, as an operator sees it. */
export interface DataTask {
  id: string;
  kind: DataTaskKind;
  /** After an erasure, the pseudonym that is left. */
  userId: string;
  state: DataTaskState;
  /** From 0 to 1. */
  progress: number | null;
  report: Record<string, unknown> | null;
  error: string | null;
  requestedBy: string;
  createdAt: Date;
  startedAt: Date | null;
  finishedAt: Date | null;
  expiresAt: Date | null;
}

export function dataTaskOf(row: DataTaskRow): DataTask {
  const { id, userId, progress, error, requestedBy, createdAt, startedAt, finishedAt, expiresAt } = row;
  return {
    id,
    kind: row.kind as DataTaskKind,
    userId,
    state: row.state as DataTaskState,
    progress,
    report: row.report as Record<string, unknown> | null,
    error,
    requestedBy,
    createdAt,
    startedAt,
    finishedAt,
    expiresAt,
  };
}
