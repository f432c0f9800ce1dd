import type { ErrorCode, ErrorKind, ParleyError } from "@parley/contracts";
import type { Dialect, ErrorAnswer } from "../dialect.js";

/** Where the table's words name what this contract calls otherwise. */
const IN_ROOMS: Partial<Record<ErrorCode, string>> = {
  chat_not_found: "There is no such room.",
  chat_closed: "The room is closed and takes no new messages.",
  too_many_members: "The room is full.",
  // No frame carries a client id, so nobody can be asked to say it again under the same one.
  database_unavailable: "The server can't reach its database; look at the room before you say it again.",
};

/** The shape of the framework that the contract comes from: texts by field for what is wrong with them, else one text. */
const answer = (refusal: ParleyError): ErrorAnswer => ({
  status: refusal.status,
  body: refusal.errors === undefined ? { detail: describe(refusal) } : byField(refusal.errors),
});

export const gatewayErrors: Dialect["errors"] = {
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

/** What a refused frame is answered with. */
export function gatewayErrorFrame(refusal: ParleyError): object {
  const { code, errors, retryAfterMs } = refusal;
  const faults = errors?.map(({ path, message }) => `${path} ${message}`.trim());
  return {
    type: "error",
    code,
    message: faults?.join("; ") ?? describe(refusal),
    ...(retryAfterMs === undefined ? {} : { retry_after_ms: retryAfterMs }),
  };
}

function describe({ code, message }: ParleyError): string {
  return IN_ROOMS[code] ?? message;
}

function byField(errors: NonNullable<ParleyError["errors"]>): Record<string, string[]> {
  const texts = new Map<string, string[]>();
  for (const { path, message } of errors) {
    const field = path === "" ? "non_field_errors" : path;
    texts.set(field, [...(texts.get(field) ?? []), message]);
  }
  return Object.fromEntries(texts);
}
