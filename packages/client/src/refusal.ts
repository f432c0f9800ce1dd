import type { ERROR_CODES, ErrorCode } from "@parley/contracts";

type Table = typeof ERROR_CODES;
type Retryable = { [Code in ErrorCode]: Table[Code]["retryable"] extends true ? Code : never }[ErrorCode];
type Unauthenticated = {
  [Code in ErrorCode]: Table[Code]["kind"] extends "unauthenticated" ? Code : never;
}[ErrorCode];

/** What goes wrong on this side of the wire. */
export type LocalCode =
  | "connection_lost"
  | "timed_out"
  | "token_unavailable"
  | "user_differs"
  | "discarded"
  | "aborted"
  | "closed";

/** Facts of a refusal as they cross the wire and the store. */
export interface RefusalFacts {
  code: ErrorCode | LocalCode | (string & {});
  message: string;
  retry_after_ms?: number | undefined;
}

// The server's tables again, as the few names that matter here; the compiler says when they differ.
const RETRYABLE: Record<Retryable | "connection_lost" | "timed_out", true> = {
  rate_limited: true,
  too_many_connections: true,
  overloaded: true,
  database_unavailable: true,
  search_too_slow: true,
  archive_unreadable: true,
  keys_unavailable: true,
  storage_unavailable: true,
  redis_unavailable: true,
  draining: true,
  internal: true,
  connection_lost: true,
  timed_out: true,
};

const UNAUTHENTICATED: Record<Unauthenticated, true> = {
  token_missing: true,
  token_invalid: true,
  token_expired: true,
  token_revoked: true,
  gateway_proof_required: true,
  gateway_proof_invalid: true,
};

/** A request that did not succeed: refused by the server, or not answered. */
export class ParleyRefusal extends Error {
  override readonly name = "ParleyRefusal";
  /** Stable; branch on it. The server's codes, and `connection_lost`, `timed_out`, `discarded`, `aborted`, `closed` of this side. */
  readonly code: RefusalFacts["code"];
  readonly retryAfterMs: number | undefined;

  constructor(facts: RefusalFacts, options?: ErrorOptions) {
    super(facts.message, options);
    this.code = facts.code;
    this.retryAfterMs = facts.retry_after_ms;
  }

  /** Whether the same request may succeed later without being changed. */
  get retryable(): boolean {
    return this.code in RETRYABLE || this.retryAfterMs !== undefined;
  }

  /** Whether a fresh token may help. */
  get unauthenticated(): boolean {
    return this.code in UNAUTHENTICATED;
  }
}

/** Whatever was thrown, as a refusal. What is no refusal is taken for a lost connection, as `fetch` throws it. */
export function asRefusal(error: unknown): ParleyRefusal {
  if (error instanceof ParleyRefusal) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new ParleyRefusal({ code: "connection_lost", message }, { cause: error });
}
