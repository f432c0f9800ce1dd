import { ParleyError } from "@parley/contracts";
import type { Logger } from "@parley/platform";
import type { ErrorRequestHandler } from "express";
import { requestState } from "./request-state.js";
import { sendProblem } from "./send-problem.js";

/** What Express and its parsers throw; only these fields are looked at, the messages quote the input. */
interface ParserFailure {
  type?: unknown;
  status?: unknown;
}

/** The one place where a failure becomes an answer. What nobody expected is logged and told as `internal`. */
export function answerFailures(log: Logger): ErrorRequestHandler {
  // biome-ignore lint/complexity/useMaxParams: Express knows a failure's handler by its four parameters.
  return (failure: unknown, _request, response, next) => {
    const error = asParleyError(failure);
    const { id, route } = requestState(response);
    if (error.kind === "internal")
      log.error({ err: failure, request_id: id, route }, "A request failed unexpectedly");
    else if (error.kind === "unavailable")
      log.warn({ err: failure, request_id: id, route }, "A request could not be served");
    // The answer has begun: Express can only break the connection.
    if (response.headersSent) next(failure);
    else sendProblem(response, error);
  };
}

function asParleyError(failure: unknown): ParleyError {
  if (failure instanceof ParleyError) return failure;
  const { type, status } = (failure ?? {}) as ParserFailure;
  if (failure instanceof URIError) return brokenPath(failure);
  if (status === 413) return new ParleyError("body_too_large", { cause: failure });
  if (typeof type === "string" && status === 415) {
    return new ParleyError("invalid_json", {
      message: "Send the body as plain UTF-8, without compression.",
      cause: failure,
    });
  }
  if (typeof type === "string" && status === 400) return new ParleyError("invalid_json", { cause: failure });
  return new ParleyError("internal", { cause: failure });
}

/** Thrown by the router for a path such as `/v1/chat/%zz`. */
function brokenPath(cause: unknown): ParleyError {
  return new ParleyError("invalid_input", {
    errors: [{ path: "path", message: "must be percent-encoded UTF-8" }],
    cause,
  });
}
