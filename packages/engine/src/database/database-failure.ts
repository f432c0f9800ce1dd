import { ParleyError } from "@parley/contracts";

// Class 08: connection trouble; 53: out of resources; 57: an operator or a timeout stopped it; 40: lost against another transaction.
const TRANSIENT_CLASSES = new Set(["08", "53", "57", "40"]);
const TRANSIENT_SYSTEM_CODES = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ENOENT",
]);
// Prisma's own: can't reach, timed out, connection closed, pool timeout, transaction could not start, write conflict.
const TRANSIENT_PRISMA_CODES = new Set(["P1001", "P1002", "P1008", "P1017", "P2024", "P2028", "P2034"]);
const CONNECTION_MESSAGES =
  /Connection terminated|timeout exceeded when trying to connect|Cannot use a pool after/;

const RETRY_AFTER_MS = 1_000;

/** Whether the database, not the request, is at fault, so that the same request may succeed later. */
function isDatabaseUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  if (TRANSIENT_SYSTEM_CODES.has(code) || TRANSIENT_PRISMA_CODES.has(code)) return true;
  if (/^[0-9A-Z]{5}$/.test(code) && TRANSIENT_CLASSES.has(code.slice(0, 2))) return true;
  if (CONNECTION_MESSAGES.test(error.message)) return true;
  return isDatabaseUnavailable(error.cause);
}

/** Whether the data of the request is at fault (class 22, 23): one bad row, not a broken database. */
export function isDataFault(error: unknown): boolean {
  return (
    error instanceof Error && "code" in error && typeof error.code === "string" && /^2[23]/.test(error.code)
  );
}

/** Runs database work; an unreachable database becomes a refusal that tells the caller to try again. */
export async function guardDatabase<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw translateDatabaseFailure(error);
  }
}

export function translateDatabaseFailure(error: unknown): unknown {
  if (error instanceof ParleyError || !isDatabaseUnavailable(error)) return error;
  return new ParleyError("database_unavailable", { retryAfterMs: RETRY_AFTER_MS, cause: error });
}
