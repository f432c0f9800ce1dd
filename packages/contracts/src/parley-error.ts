import { ERROR_CODES, ERROR_KINDS, type ErrorCode, type ErrorKind } from "./error-codes.js";

/** One field that was refused; `path` is dotted, as in `message.content`. */
export interface FieldError {
  path: string;
  message: string;
}

export interface ErrorDetails {
  /** Replaces the table's message where the case allows a more helpful one. */
  message?: string;
  retryAfterMs?: number;
  errors?: FieldError[];
  cause?: unknown;
}

/**
 * An expected refusal. It is the only thing that the engine and the edges throw on purpose; it crosses every edge as
 * its code, message and retry hint.
 */
export class ParleyError extends Error {
  readonly code: ErrorCode;
  readonly kind: ErrorKind;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;
  readonly errors: FieldError[] | undefined;

  constructor(code: ErrorCode, details: ErrorDetails = {}) {
    const entry = ERROR_CODES[code];
    super(
      details.message ?? entry.message,
      details.cause === undefined ? undefined : { cause: details.cause },
    );
    this.name = "ParleyError";
    this.code = code;
    this.kind = entry.kind;
    this.retryable = entry.retryable;
    this.retryAfterMs = details.retryAfterMs;
    this.errors = details.errors;
  }

  /** The HTTP status that belongs to the error's kind. */
  get status(): number {
    return ERROR_KINDS[this.kind];
  }
}
