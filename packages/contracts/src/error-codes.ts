/**
 * The closed set of failure kinds. Every edge translates a kind once into its own vocabulary (HTTP status, socket
 * acknowledgement, a dialect's error frame); everything else that is thrown is a bug and becomes `internal`.
 */
export const ERROR_KINDS = {
  bad_request: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  too_large: 413,
  unprocessable: 422,
  rate_limited: 429,
  unavailable: 503,
  internal: 500,
} as const;

export type ErrorKind = keyof typeof ERROR_KINDS;

interface ErrorCodeEntry {
  kind: ErrorKind;
  /** Told to the person who gets the error: what is wrong and what to do. */
  message: string;
  /** Whether the same request may succeed later without being changed. */
  retryable: boolean;
}

/** The open table of codes. Codes are stable: clients branch on them. */
export const ERROR_CODES = {
  invalid_input: {
    kind: "bad_request",
    message: "The request does not have the expected form; see `errors` for the fields.",
    retryable: false,
  },
  invalid_json: { kind: "bad_request", message: "The request body is not valid JSON.", retryable: false },
  unknown_event: {
    kind: "bad_request",
    message: "There is no such event; the socket reference lists the events a client may send.",
    retryable: false,
  },
  reply_to_not_found: {
    kind: "bad_request",
    message: "`reply_to` must be the id of a message in the same chat.",
    retryable: false,
  },
  token_missing: {
    kind: "unauthenticated",
    message: "Send a token: `Authorization: Bearer <token>`, or `auth.token` on a socket.",
    retryable: false,
  },
  token_invalid: {
    kind: "unauthenticated",
    message: "The token is not valid here; sign in again to get a new one.",
    retryable: false,
  },
  token_expired: {
    kind: "unauthenticated",
    message: "The token has expired; sign in again to get a new one.",
    retryable: false,
  },
  token_revoked: {
    kind: "unauthenticated",
    message: "The token was revoked; sign in again to get a new one.",
    retryable: false,
  },
  gateway_proof_required: {
    kind: "unauthenticated",
    message:
      "Only a gateway may call this: send `X-Gateway-Secret`, or `X-Gateway-Timestamp` with `X-Gateway-Signature`.",
    retryable: false,
  },
  gateway_proof_invalid: {
    kind: "unauthenticated",
    message: "The gateway's proof does not hold; compare GATEWAY_SECRET, the clocks, and what was signed.",
    retryable: false,
  },
  user_blocked: {
    kind: "forbidden",
    message: "This account is blocked; ask the operator.",
    retryable: false,
  },
  user_muted: {
    kind: "forbidden",
    message: "You may read, and not write for now; ask the operator.",
    retryable: false,
  },
  forbidden: { kind: "forbidden", message: "You may not do this.", retryable: false },
  role_required: { kind: "forbidden", message: "This call needs another role.", retryable: false },
  file_url_invalid: {
    kind: "forbidden",
    message: "This address of a file is not valid any more, or never was; ask for a new one.",
    retryable: false,
  },
  origin_not_allowed: {
    kind: "forbidden",
    message: "This web origin is not allowed; add it to ALLOWED_ORIGINS on the server.",
    retryable: false,
  },
  route_not_found: { kind: "not_found", message: "There is no such path; see /docs.", retryable: false },
  chat_not_found: {
    kind: "not_found",
    message: "There is no such chat, or it is not yours.",
    retryable: false,
  },
  message_not_found: {
    kind: "not_found",
    message: "There is no such message, or it is not in a chat of yours.",
    retryable: false,
  },
  member_not_found: {
    kind: "not_found",
    message: "This user is not a member of the chat.",
    retryable: false,
  },
  notification_not_found: {
    kind: "not_found",
    message: "There is no such notification, or it is not yours.",
    retryable: false,
  },
  file_not_found: {
    kind: "not_found",
    message: "There is no such file, or it is not in a chat of yours.",
    retryable: false,
  },
  user_not_found: { kind: "not_found", message: "Nobody is known under this id.", retryable: false },
  node_not_found: {
    kind: "not_found",
    message: "No node of this name has reported in the last hour.",
    retryable: false,
  },
  task_not_found: { kind: "not_found", message: "There is no such task.", retryable: false },
  batch_not_found: { kind: "not_found", message: "There is no such batch.", retryable: false },
  batch_over: {
    kind: "conflict",
    message: "The batch is done or cancelled; send another one.",
    retryable: false,
  },
  export_not_there: {
    kind: "conflict",
    message: "This task has nothing to download: it is not done, has expired, or is no export.",
    retryable: false,
  },
  endpoint_taken: {
    kind: "conflict",
    message: "This push endpoint belongs to somebody else; let the browser subscribe anew.",
    retryable: false,
  },
  too_many_subscriptions: {
    kind: "conflict",
    message: "You have as many devices with pushes as you can have; take one off first.",
    retryable: false,
  },
  file_quota_exceeded: {
    kind: "conflict",
    message: "Your files take all the room that you have; delete messages with files first.",
    retryable: false,
  },
  chat_closed: {
    kind: "conflict",
    message: "The chat is closed and takes no new messages.",
    retryable: false,
  },
  chat_held: {
    kind: "conflict",
    message: "The chat is on legal hold; take it off first.",
    retryable: false,
  },
  order_chat_differs: {
    kind: "conflict",
    message: "This order already has a chat with other participants.",
    retryable: false,
  },
  message_deleted: { kind: "conflict", message: "The message has been deleted.", retryable: false },
  not_a_group: { kind: "conflict", message: "Only groups take new members.", retryable: false },
  too_many_members: { kind: "conflict", message: "The chat has reached its largest size.", retryable: false },
  too_many_reactions: {
    kind: "conflict",
    message: "The message already has as many different reactions as it can hold.",
    retryable: false,
  },
  body_too_large: { kind: "too_large", message: "The request body is too large.", retryable: false },
  client_id_reused: {
    kind: "unprocessable",
    message: "This `client_id` already names another message of yours in this chat; use a new one.",
    retryable: false,
  },
  rate_limited: {
    kind: "rate_limited",
    message: "Too many requests; wait for `retry_after_ms` and try again.",
    retryable: true,
  },
  too_many_connections: {
    kind: "rate_limited",
    message: "Too many open connections; close some or try again later.",
    retryable: true,
  },
  overloaded: {
    kind: "unavailable",
    message: "The server has more work than it can take; nothing was stored, try again in a moment.",
    retryable: true,
  },
  database_unavailable: {
    kind: "unavailable",
    message: "The server can't reach its database; try again with the same `client_id`.",
    retryable: true,
  },
  search_too_slow: {
    kind: "unavailable",
    message:
      "The search took too long; search one chat or a shorter time, or use longer words, or try again in a moment.",
    retryable: true,
  },
  archive_unreadable: {
    kind: "unavailable",
    message:
      "These old messages can't be read now: their archive segment is missing or damaged, and the operator must bring it back from a backup; the server's log says which.",
    retryable: true,
  },
  keys_unavailable: {
    kind: "unavailable",
    message: "The server can't reach the token issuer's keys; try again in a moment.",
    retryable: true,
  },
  push_unavailable: {
    kind: "unavailable",
    message:
      "This server sends no pushes: its operator must make keys with `npm run -s vapid`, and set VAPID_PUBLIC_KEY for API and worker and VAPID_PRIVATE_KEY for the worker.",
    retryable: false,
  },
  files_unavailable: {
    kind: "unavailable",
    message: "This server keeps no files; the operator must set STORAGE_PATH or S3_BUCKET.",
    retryable: false,
  },
  storage_unavailable: {
    kind: "unavailable",
    message:
      "The server can't reach the place where files are kept; nothing was stored, try again in a moment.",
    retryable: true,
  },
  redis_unavailable: {
    kind: "unavailable",
    message: "The server can't reach Redis, which this needs; nothing was changed, try again in a moment.",
    retryable: true,
  },
  draining: {
    kind: "unavailable",
    message: "This server is about to stop; connect again and repeat the request.",
    retryable: true,
  },
  internal: {
    kind: "internal",
    message: "Something went wrong on the server; quote the request id when you report it.",
    retryable: true,
  },
} as const satisfies Record<string, ErrorCodeEntry>;

export type ErrorCode = keyof typeof ERROR_CODES;
