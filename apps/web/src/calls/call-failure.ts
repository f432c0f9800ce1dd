/** Why a call did not succeed, as an operator is told it. */
export class CallFailure extends Error {
  override readonly name = "CallFailure";
  /** The server's code; `no_answer` when none came, `http_502` and the like from what stands in between. */
  readonly code: string;
  readonly status: number;
  /** Names the request in the server's log. */
  readonly requestId: string | undefined;
  readonly retryAfterMs: number | undefined;
  /** What is wrong with which field. */
  readonly fields: readonly FieldFault[];

  constructor(facts: FailureFacts, options?: ErrorOptions) {
    super(facts.message, options);
    this.code = facts.code;
    this.status = facts.status;
    this.requestId = facts.requestId;
    this.retryAfterMs = facts.retryAfterMs;
    this.fields = facts.fields ?? [];
  }
}

interface FieldFault {
  path: string;
  message: string;
}

interface FailureFacts {
  code: string;
  message: string;
  status: number;
  requestId?: string | undefined;
  retryAfterMs?: number | undefined;
  fields?: readonly FieldFault[] | undefined;
}

interface Problem {
  code?: unknown;
  title?: string;
  detail?: string;
  request_id?: string;
  retry_after_ms?: number;
  errors?: FieldFault[];
}

/** What an answer that is no success says: a problem document, or nothing of Parley's. */
export function failureOf(response: Response, text: string): CallFailure {
  const problem = parse(text);
  const requestId = problem.request_id ?? response.headers.get("X-Request-Id") ?? undefined;
  const { status } = response;
  if (typeof problem.code !== "string") {
    const message = `The server answered with ${status}, and not in words that this page knows.`;
    return new CallFailure({ code: `http_${status}`, message, status, requestId });
  }
  return new CallFailure({
    code: problem.code,
    message: problem.detail ?? problem.title ?? problem.code,
    status,
    requestId,
    retryAfterMs: problem.retry_after_ms,
    fields: problem.errors,
  });
}

/** Nothing came back: the network, or a server that is gone or hangs. */
export function lostConnection(cause: unknown): CallFailure {
  if (cause instanceof CallFailure) return cause;
  const isLate = cause instanceof DOMException && cause.name === "TimeoutError";
  const message = isLate ? "The server did not answer in time." : "The server can't be reached.";
  return new CallFailure({ code: "no_answer", message, status: 0 }, { cause });
}

function parse(text: string): Problem {
  try {
    const problem: unknown = JSON.parse(text);
    return typeof problem === "object" && problem !== null ? (problem as Problem) : {};
  } catch {
    return {};
  }
}
