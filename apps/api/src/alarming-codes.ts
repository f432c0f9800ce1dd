import type { ErrorCode } from "@parley/contracts";

/** Failures that are nobody's fault but the server's. They are counted from 0 on, so that the first one shows as an increase. */
export const ALARMING_CODES = [
  "internal",
  "overloaded",
  "database_unavailable",
  "keys_unavailable",
  "storage_unavailable",
  "archive_unreadable",
] as const satisfies readonly ErrorCode[];
