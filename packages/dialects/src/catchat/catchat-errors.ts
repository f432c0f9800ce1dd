import { ERROR_KINDS, type ErrorKind, type ParleyError } from "@parley/contracts";
import type { Dialect, ErrorAnswer } from "../dialect.js";

/** `code` is never 0, which means success on this contract: it repeats the HTTP status, as sockets have none. */
const answer = (refusal: ParleyError): ErrorAnswer => ({
  status: refusal.status,
  body: { code: refusal.status, message: describe(refusal), ...wait(refusal) },
});

export const catchatErrors: Dialect["errors"] = {
  bad_request: answer,
  unauthenticated: answer,
  forbidden: answer,
  not_found: answer,
  conflict: answer,
  too_large: answer,
  unprocessable: answer,
  rate_limited: answer,
  unavailable: answer,
  internal: answer,
} satisfies Record<ErrorKind, typeof answer>;

/** What a refused frame is answered with; the client's id says which one it was. */
export function catchatErrorFrame(refusal: ParleyError, clientId: unknown): object {
  const code: number = ERROR_KINDS[refusal.kind];
  return {
    type: "error",
    code,
    message: describe(refusal),
    ...(typeof clientId === "string" ? { clientId } : {}),
    ...wait(refusal),
  };
}

function describe({ message, errors = [] }: ParleyError): string {
  if (errors.length === 0) return message;
  return errors
    .map((error) => (error.path === "" ? error.message : `${error.path} ${error.message}`))
    .join("; ");
}

function wait({ retryAfterMs }: ParleyError): { retry_after_ms?: number } {
  return retryAfterMs === undefined ? {} : { retry_after_ms: retryAfterMs };
}
