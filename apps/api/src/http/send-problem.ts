import { ERROR_CODES, type ParleyError } from "@parley/contracts";
import type { Response } from "express";
import { requestState } from "./request-state.js";

/** Answers with a failure as RFC 9457 says. `status` replaces the kind's own where HTTP has a better word. */
export function sendProblem(response: Response, error: ParleyError, status: number = error.status): void {
  const state = requestState(response);
  state.code = error.code;
  if (error.retryAfterMs !== undefined) response.set("Retry-After", String(seconds(error.retryAfterMs)));
  if (status === 401) response.set("WWW-Authenticate", "Bearer");
  const problem = {
    type: `/docs/errors#${error.code}`,
    title: ERROR_CODES[error.code].message,
    status,
    detail: error.message,
    code: error.code,
    request_id: state.id,
    retryable: error.retryable,
    retry_after_ms: error.retryAfterMs,
    errors: error.errors,
  };
  response.status(status).set("Cache-Control", "no-store").type("application/problem+json");
  response.send(JSON.stringify(problem));
}

function seconds(milliseconds: number): number {
  return Math.max(1, Math.ceil(milliseconds / 1000));
}
