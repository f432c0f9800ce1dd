import { ERROR_CODES, type ErrorCode, type ParleyError } from "@parley/contracts";
import type { Dialect, ErrorAnswer } from "../dialect.js";
import type { Fields } from "../dialect-socket.js";

/** Every kind of refusal as `{"error": "<text>", "code": "<code>"}`. */
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

/** A refused frame. `temp_id` says which message was not sent, where the client named it. */
export function errorFrame(refusal: ParleyError, fields: Fields | undefined): object {
  const tempId = fields?.temp_id;
  return {
    type: "error",
    code: refusal.code,
    message: errorText(refusal),
    ...retryHint(refusal),
    ...(typeof tempId === "string" && tempId.length <= LONGEST_ECHO ? { temp_id: tempId } : {}),
  };
}

const LONGEST_ECHO = 128;

/** Where the table's words are those of another contract. */
const OWN_WORDS: { readonly [Code in ErrorCode]?: string } = {
  unknown_event: "There is no such frame: its `type` must be send_message, typing, read or ping.",
  token_missing: "Send a token: `Authorization: Bearer <token>`, or `?token=<token>` on a WebSocket.",
  route_not_found: "There is no such path.",
  client_id_reused: "This `temp_id` already names another message of yours in this chat; use a new one.",
  not_a_group: "A private chat stays with its two people.",
  database_unavailable: "The server can't reach its database; try again with the same `temp_id`.",
};

function refuse(refusal: ParleyError): ErrorAnswer {
  const { status, code } = refusal;
  return { status, body: { error: errorText(refusal), code, ...retryHint(refusal) } };
}

function retryHint({ retryAfterMs }: ParleyError): { retry_after_ms?: number } {
  return retryAfterMs === undefined ? {} : { retry_after_ms: retryAfterMs };
}

/** All that is wrong, as one text: the contract has no place for single fields. */
function errorText({ code, errors: faults = [], message }: ParleyError): string {
  if (faults.length > 0) return faults.map((fault) => `${fault.path} ${fault.message}`.trim()).join("; ");
  return message === ERROR_CODES[code].message ? (OWN_WORDS[code] ?? message) : message;
}
