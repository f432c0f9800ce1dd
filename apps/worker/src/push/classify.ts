import type { PushServiceName } from "@parley/engine";
import { ADDRESS_NOT_PUBLIC } from "./guarded-lookup.js";
import { NO_TIME_LEFT, type PostFailure } from "./post-push.js";
import type { PushVerdict } from "./push-outcome.js";

/** What is read of an answer to judge it. */
export interface AnswerFacts {
  statusCode: number;
  retryAfter?: string | undefined;
  /** The answer's `Date`: `Retry-After` dates are by the service's clock, not by ours. */
  date?: string | undefined;
}

export interface Classified {
  verdict: PushVerdict;
  /** How long nobody may ask this origin. */
  holdMs?: number | undefined;
}

const SECOND = 1_000;
const SHORTEST_WAIT_MS = SECOND;
const LONGEST_WAIT_MS = 3_600 * SECOND;
const THROTTLED_MS = 30 * SECOND;
const FAILED_MS = 10 * SECOND;
const UNREACHABLE_MS = 5 * SECOND;

const throttled = { kind: "retry_later", reason: "throttled", afterMs: THROTTLED_MS } as const;
const failed = { kind: "retry_later", reason: "service_failed", afterMs: FAILED_MS } as const;
const unauthorised = { kind: "unauthorised", reason: "unauthorised" } as const;
const gone = { kind: "gone", reason: "subscription_gone" } as const;

/** What a status means (RFC 8030, and what the services document). */
const BY_STATUS: Readonly<Record<number, PushVerdict>> = {
  400: { kind: "refused", reason: "bad_request" },
  401: unauthorised,
  403: unauthorised,
  404: gone,
  408: failed,
  410: gone,
  413: { kind: "too_large", reason: "too_large_for_service" },
  429: throttled,
};

/** What all other statuses of a hundred mean. */
const BY_CLASS: Readonly<Record<number, PushVerdict>> = {
  2: { kind: "accepted", reason: "accepted" },
  // An address is judged before it is asked, and a redirection would lead to another one.
  3: { kind: "refused", reason: "redirected" },
  4: { kind: "refused", reason: "status_refused" },
  5: failed,
};

/** Where a service has a word of its own for something. */
const BY_SERVICE: Partial<Record<PushServiceName, Readonly<Record<number, PushVerdict>>>> = {
  windows: { 406: throttled },
};

/** These speak for the whole service when they say until when. */
const HOLDING = new Set([429, 503]);

/** Judges an answer. `now` is in milliseconds since 1970. */
export function classifyAnswer(
  answer: AnswerFacts,
  { service, now }: { service: PushServiceName; now: number },
): Classified {
  const { statusCode } = answer;
  const verdict = BY_SERVICE[service]?.[statusCode] ??
    BY_STATUS[statusCode] ??
    BY_CLASS[Math.floor(statusCode / 100)] ?? { kind: "refused", reason: "status_refused" };
  if (verdict.kind !== "retry_later") return { verdict };
  const afterMs = readRetryAfter(answer, now);
  if (afterMs === undefined) return { verdict };
  const timed: PushVerdict = { ...verdict, afterMs };
  return HOLDING.has(statusCode) ? { verdict: timed, holdMs: afterMs } : { verdict: timed };
}

/** Judges an exchange that brought no answer. */
export function classifyFailure({ code, timedOut }: PostFailure): {
  verdict: PushVerdict;
  wasAsked: boolean;
} {
  if (code === ADDRESS_NOT_PUBLIC)
    return { verdict: { kind: "refused", reason: "address_not_public" }, wasAsked: false };
  const reason = timedOut ? "timed_out" : "connection_failed";
  const wasAsked = code !== NO_TIME_LEFT.code;
  return { verdict: { kind: "retry_later", reason, afterMs: UNREACHABLE_MS }, wasAsked };
}

/** Seconds or a date, as milliseconds from now between a second and an hour; undefined when it says nothing that can be read. */
function readRetryAfter({ retryAfter, date }: AnswerFacts, now: number): number | undefined {
  const text = retryAfter?.trim() ?? "";
  const waitMs = /^\d+$/.test(text)
    ? Number(text) * SECOND
    : (readHttpDate(text) ?? Number.NaN) - (readHttpDate(date ?? "") ?? now);
  return Number.isNaN(waitMs) ? undefined : Math.min(Math.max(waitMs, SHORTEST_WAIT_MS), LONGEST_WAIT_MS);
}

/** The three forms of RFC 9110, of which the oldest names no zone. `Date.parse` alone would take almost any text. */
function readHttpDate(text: string): number | undefined {
  if (!/^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? [\w\s:-]{15,}$/.test(text)) return;
  const time = Date.parse(text.endsWith("GMT") ? text : `${text} GMT`);
  return Number.isNaN(time) ? undefined : time;
}
