import { ERROR_CODES, ERROR_KINDS, type ErrorCode, type ErrorKind, ParleyError } from "@parley/contracts";
import { describe, expect, it } from "vitest";
import { errorFrame, errors } from "./errors.js";

describe("a refusal", () => {
  it("of every kind has its status, and the contract's fields", () => {
    for (const code of Object.keys(ERROR_CODES) as ErrorCode[]) {
      const refusal = new ParleyError(code);
      expect([code, errors[refusal.kind](refusal)]).toEqual([
        code,
        { status: ERROR_KINDS[refusal.kind], body: { error: expect.stringMatching(/\S/), code } },
      ]);
    }
    expect(Object.keys(errors).sort()).toEqual((Object.keys(ERROR_KINDS) as ErrorKind[]).sort());
  });

  it("speaks of this contract's fields, not of another's", () => {
    for (const code of Object.keys(ERROR_CODES) as ErrorCode[]) {
      const refusal = new ParleyError(code);
      const { body } = errors[refusal.kind](refusal);
      expect((body as { error: string }).error).not.toMatch(/client_id|auth\.token|socket reference/);
    }
  });

  it("names all faults in one text", () => {
    const faults = [
      { path: "content", message: "is missing" },
      { path: "", message: "must be a JSON object" },
    ];
    const refusal = new ParleyError("invalid_input", { errors: faults });
    expect(errors.bad_request(refusal).body).toEqual({
      error: "content is missing; must be a JSON object",
      code: "invalid_input",
    });
  });

  it("says when to try again, over REST and in frames", () => {
    const refusal = new ParleyError("rate_limited", { retryAfterMs: 900 });
    expect(errors.rate_limited(refusal)).toMatchObject({ status: 429, body: { retry_after_ms: 900 } });
    expect(errorFrame(refusal, { temp_id: "t" })).toEqual({
      type: "error",
      code: "rate_limited",
      message: expect.any(String),
      retry_after_ms: 900,
      temp_id: "t",
    });
  });

  it("of a frame names the message, if the client did", () => {
    const frame = (fields?: Record<string, unknown>) => errorFrame(new ParleyError("chat_not_found"), fields);
    for (const fields of [undefined, {}, { temp_id: 5 }, { temp_id: "x".repeat(129) }]) {
      expect(frame(fields)).toEqual({
        type: "error",
        code: "chat_not_found",
        message: ERROR_CODES.chat_not_found.message,
      });
    }
  });
});
