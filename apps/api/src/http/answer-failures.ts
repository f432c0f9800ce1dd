import type { Logger } from "@parley/platform";
import type { ErrorRequestHandler } from "express";
import { asParleyError } from "./as-parley-error.js";
import { requestState } from "./request-state.js";
import { sendProblem } from "./send-problem.js";

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
