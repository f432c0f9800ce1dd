import { ERROR_KINDS, type ErrorKind, ParleyError } from "@parley/contracts";
import { expect, it } from "vitest";
import { errorFrame, errors } from "./errors.js";

const kinds = Object.keys(ERROR_KINDS) as ErrorKind[];

it("answers every kind with its status and one text", () => {
  expect(Object.keys(errors).toSorted()).toEqual(kinds.toSorted());
  const answer = errors.not_found(new ParleyError("chat_not_found"));
  expect(answer).toEqual({
    status: 404,
    body: { success: false, error: expect.stringContaining("no such chat") },
  });
  expect(errors.unavailable(new ParleyError("overloaded")).status).toBe(503);
});

it("puts all faults and the time to wait into the text", () => {
  const faults = [
    { path: "user_id", message: "is missing" },
    { path: "", message: "must be an object" },
  ];
  expect(errors.bad_request(new ParleyError("invalid_input", { errors: faults })).body).toEqual({
    success: false,
    error: "user_id is missing; must be an object",
  });
  expect(errors.rate_limited(new ParleyError("rate_limited", { retryAfterMs: 1_200 })).body).toEqual({
    success: false,
    error: "Too many requests; try again in 2 s.",
  });
});

it("names the message that was not sent in a refused frame", () => {
  const refusal = new ParleyError("rate_limited", { retryAfterMs: 600 });
  const frame = { type: "error", timestamp: expect.stringMatching(/Z$/) };
  const data = { code: "rate_limited", message: expect.any(String), retry_after_ms: 600 };
  expect(errorFrame(refusal, undefined)).toEqual({ ...frame, data });
  expect(errorFrame(refusal, { client_id: "c-1" })).toEqual({
    ...frame,
    data: { ...data, client_id: "c-1" },
  });
  expect(errorFrame(refusal, { data: { client_id: "c-1" } })).toMatchObject({ data: { client_id: "c-1" } });
  for (const client_id of [5, null, "x".repeat(129)]) {
    expect(errorFrame(refusal, { client_id })).toEqual({ ...frame, data });
  }
});
