import { ParleyError } from "@parley/contracts";

const READ_ONLY = "25006";
// Class 08: connection trouble; 53: out of resources; 57: an operator or a timeout stopped it; 40: lost against another transaction.
const TRANSIENT_CLASSES = new Set(["08", "53", "57", "40"]);
// A lock that was not to be had in time, a transaction that idled too long, and a server that may only be read: a replica that has not been promoted yet.
const TRANSIENT_STATES = new Set(["55P03", "25P03", READ_ONLY]);
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
  /Connection terminated|Query read timeout|timeout exceeded when trying to connect|Cannot use a pool after/;

const RETRY_AFTER_MS = 1_000;

/** Whether the data of the request is at fault (class 22, 23): one bad row, not a broken database. */
export function isDataFault(error: unknown): boolean {
  return /^2[23]/.test(sqlState(error) ?? "");
}

/** Whether there is a row already that may be there once. */
export function isDuplicate(error: unknown): boolean {
  return sqlState(error) === "23505";
}

/** Whether somebody else held a row for longer than the statement would wait. */
export function isLockTimeout(error: unknown): boolean {
  return sqlState(error) === "55P03";
}

/** Whether Postgres gave the statement up, because it and others waited for each other in a circle. */
export function isDeadlock(error: unknown): boolean {
  return sqlState(error) === "40P01";
}

/** Whether the statement took longer than statements may. */
export function isStatementTimeout(error: unknown): boolean {
  return sqlState(error) === "57014";
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

/** Whether the database, not the request, is at fault, so that the same request may succeed later. */
function isDatabaseUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = codeOf(error);
  if (code !== undefined && (TRANSIENT_SYSTEM_CODES.has(code) || TRANSIENT_PRISMA_CODES.has(code)))
    return true;
  const state = sqlState(error) ?? "";
  if (TRANSIENT_CLASSES.has(state.slice(0, 2)) || TRANSIENT_STATES.has(state)) return true;
  return CONNECTION_MESSAGES.test(error.message) || isDatabaseUnavailable(error.cause);
}

/** Postgres's five characters: on the driver's error, or inside the error that Prisma makes of it. */
function sqlState(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = codeOf(error);
  if (code !== undefined && /^[0-9A-Z]{5}$/.test(code) && !/^P\d{4}$/.test(code)) return code;
  const { cause, meta } = error as {
    cause?: AdapterCause;
    meta?: { driverAdapterError?: { cause?: AdapterCause } };
  };
  return meta?.driverAdapterError?.cause?.originalCode ?? cause?.originalCode;
}

interface AdapterCause {
  originalCode?: string;
}

function codeOf(error: Error): string | undefined {
  return "code" in error && typeof error.code === "string" ? error.code : undefined;
}
