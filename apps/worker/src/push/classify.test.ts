import { expect, test } from "vitest";
import { classifyAnswer, classifyFailure } from "./classify.js";
import { ADDRESS_NOT_PUBLIC } from "./guarded-lookup.js";

const now = Date.parse("Sat, 21 Nov 2026 06:00:00 GMT");
const at = { service: "fcm" as const, now };
const kindOf = (statusCode: number, service: "fcm" | "windows" = "fcm") => {
  const { verdict } = classifyAnswer({ statusCode }, { service, now });
  return `${verdict.kind}: ${verdict.reason}`;
};

test.each([
  [200, "accepted: accepted"],
  [201, "accepted: accepted"],
  [202, "accepted: accepted"],
  [204, "accepted: accepted"],
  [301, "refused: redirected"],
  [302, "refused: redirected"],
  [303, "refused: redirected"],
  [304, "refused: redirected"],
  [307, "refused: redirected"],
  [308, "refused: redirected"],
  [400, "refused: bad_request"],
  [401, "unauthorised: unauthorised"],
  [402, "refused: status_refused"],
  [403, "unauthorised: unauthorised"],
  [404, "gone: subscription_gone"],
  [405, "refused: status_refused"],
  [406, "refused: status_refused"],
  [408, "retry_later: service_failed"],
  [410, "gone: subscription_gone"],
  [411, "refused: status_refused"],
  [413, "too_large: too_large_for_service"],
  [415, "refused: status_refused"],
  [422, "refused: status_refused"],
  [429, "retry_later: throttled"],
  [451, "refused: status_refused"],
  [500, "retry_later: service_failed"],
  [502, "retry_later: service_failed"],
  [503, "retry_later: service_failed"],
  [504, "retry_later: service_failed"],
  [599, "retry_later: service_failed"],
  [101, "refused: status_refused"],
  [999, "refused: status_refused"],
])("%d is %s", (status, expected) => expect(kindOf(status)).toBe(expected));

test("Windows throttles with a status of its own", () => {
  expect(kindOf(406, "windows")).toBe("retry_later: throttled");
  expect(kindOf(410, "windows")).toBe("gone: subscription_gone");
});

function waitOf(retryAfter: string | undefined, rest: { statusCode?: number; date?: string } = {}) {
  const { verdict, holdMs } = classifyAnswer({ statusCode: 429, retryAfter, ...rest }, at);
  return { afterMs: verdict.kind === "retry_later" ? verdict.afterMs : undefined, holdMs };
}

test.each([
  ["120", 120_000],
  [" 7 ", 7_000],
  ["0", 1_000],
  ["3600", 3_600_000],
  ["86400", 3_600_000],
  ["99999999999999999999999", 3_600_000],
  ["Sat, 21 Nov 2026 06:02:00 GMT", 120_000],
  ["Saturday, 21-Nov-26 06:02:00 GMT", 120_000],
  ["Sat Nov 21 06:02:00 2026", 120_000],
  ["Sat, 21 Nov 2026 05:00:00 GMT", 1_000],
  ["Sun, 22 Nov 2026 06:00:00 GMT", 3_600_000],
])("Retry-After: %s means %d ms, for everybody", (text, afterMs) => {
  expect(waitOf(text)).toEqual({ afterMs, holdMs: afterMs });
  expect(waitOf(text, { statusCode: 503 })).toEqual({ afterMs, holdMs: afterMs });
  // Other failures are this push's own.
  expect(waitOf(text, { statusCode: 500 })).toEqual({ afterMs, holdMs: undefined });
});

test.each([
  undefined,
  "",
  "soon",
  "-5",
  "1.5",
  "1e3",
  "0x10",
  "12 apples",
  "Nov 2027",
  "Sat, 99 Foo 2026 06:02:00 GMT",
])("Retry-After: %s says nothing", (text) => {
  expect(waitOf(text)).toEqual({ afterMs: 30_000, holdMs: undefined });
  expect(waitOf(text, { statusCode: 503 })).toEqual({ afterMs: 10_000, holdMs: undefined });
});

test("a date is by the service's clock, when it says what that shows", () => {
  const date = "Sat, 21 Nov 2026 09:00:00 GMT";
  expect(waitOf("Sat, 21 Nov 2026 09:00:30 GMT", { date })).toEqual({ afterMs: 30_000, holdMs: 30_000 });
  expect(waitOf("30", { date })).toEqual({ afterMs: 30_000, holdMs: 30_000 });
  expect(waitOf("Sat, 21 Nov 2026 06:00:30 GMT", { date: "now" })).toEqual({
    afterMs: 30_000,
    holdMs: 30_000,
  });
});

test("Retry-After makes nothing of an answer that is final", () => {
  expect(classifyAnswer({ statusCode: 410, retryAfter: "5" }, at)).toEqual({
    verdict: { kind: "gone", reason: "subscription_gone" },
  });
});

test("what brought no answer is tried again, but not at an address that may not be asked", () => {
  const failure = { timedOut: false, code: "ECONNREFUSED", stale: false };
  expect(classifyFailure(failure)).toMatchObject({
    verdict: { reason: "connection_failed" },
    wasAsked: true,
  });
  expect(classifyFailure({ ...failure, timedOut: true })).toMatchObject({ verdict: { reason: "timed_out" } });
  expect(classifyFailure({ ...failure, code: ADDRESS_NOT_PUBLIC })).toEqual({
    verdict: { kind: "refused", reason: "address_not_public" },
    wasAsked: false,
  });
});
