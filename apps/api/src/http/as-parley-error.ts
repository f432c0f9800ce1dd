import { ParleyError } from "@parley/contracts";

/** What Express and its parsers throw; only these fields are looked at, the messages quote the input. */
interface ParserFailure {
  type?: unknown;
  status?: unknown;
}

/** What a failure under way means to whoever asked; what nobody expected is `internal`. */
export function asParleyError(failure: unknown): ParleyError {
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
