import type { ParleyError } from "@parley/contracts";
import type { Dialect, ErrorAnswer } from "../dialect.js";
import type { Fields } from "../dialect-socket.js";
import { fieldsOf } from "./fields-of.js";
import { serverFrame } from "./frames.js";

/** Every kind of refusal as `{"success": false, "error": "<text>"}`. */
export const errors: Dialect["errors"] = {
  bad_request: refuse,
  unauthenticated: refuse,
  forbidden: refuse,
  not_found: refuse,
  conflict: refuse,
  too_large: refuse,
  unprocessable: refuse,
  rate_limited: refuse,
  unavailable: refuse,
  internal: refuse,
};

/** A refused frame. `client_id` says which message was not sent, where the client named it. */
export function errorFrame(refusal: ParleyError, fields: Fields | undefined): object {
  const clientId = fields === undefined ? undefined : fieldsOf(fields).client_id;
  const { code, retryAfterMs } = refusal;
  return serverFrame("error", {
    data: {
      code,
      message: errorText(refusal),
      ...(retryAfterMs === undefined ? {} : { retry_after_ms: retryAfterMs }),
      ...(typeof clientId === "string" && clientId.length <= LONGEST_ECHO ? { client_id: clientId } : {}),
    },
  });
}

const LONGEST_ECHO = 128;

function refuse(refusal: ParleyError): ErrorAnswer {
  return { status: refusal.status, body: { success: false, error: errorText(refusal) } };
}

/** All that is wrong, as one text: the contract has no place for single fields. */
function errorText({ code, errors: faults = [], message, retryAfterMs }: ParleyError): string {
  if (faults.length > 0) return faults.map((fault) => `${fault.path} ${fault.message}`.trim()).join("; ");
  if (code === "rate_limited" && retryAfterMs !== undefined) {
    return `Too many requests; try again in ${Math.ceil(retryAfterMs / 1_000)} s.`;
  }
  return message;
}
