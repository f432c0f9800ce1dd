import { ERROR_CODES, ERROR_KINDS, type ErrorCode, type ErrorKind } from "../error-codes.js";
import type { JsonSchema } from "../json-schema.js";
import type { OpenApiReference, OpenApiResponse } from "./document.js";
import { failureHeaders } from "./headers.js";

/** Kinds whose codes are the same on every call: one shared response says them all. */
const SHARED_KINDS = ["unauthenticated", "too_large", "rate_limited", "unavailable", "internal"] as const;

type SharedKind = (typeof SHARED_KINDS)[number];

/** The failure responses of one call, by status. */
export function failureResponses(
  codes: readonly ErrorCode[],
): Record<string, OpenApiResponse | OpenApiReference> {
  const kinds = (Object.keys(ERROR_KINDS) as ErrorKind[]).filter(
    (kind) => codesOfKind(codes, kind).length > 0,
  );
  return Object.fromEntries(
    kinds.map((kind) => [
      String(ERROR_KINDS[kind]),
      isShared(kind)
        ? { $ref: `#/components/responses/${kind}` }
        : failureResponse(kind, codesOfKind(codes, kind)),
    ]),
  );
}

/** The shared responses, as components. */
export function sharedFailures(codes: readonly ErrorCode[]): Record<string, OpenApiResponse> {
  return Object.fromEntries(
    SHARED_KINDS.map((kind) => [kind, failureResponse(kind, codesOfKind(codes, kind))]),
  );
}

/** The body of every failure (RFC 9457). */
export function problemSchema(): JsonSchema {
  return {
    type: "object",
    description: `Why a request failed. Branch on \`code\`; new codes may be added.\n\n${errorTable()}`,
    properties: {
      type: { type: "string", format: "uri-reference", description: "Where this code is explained." },
      title: { type: "string", description: "The code's general message." },
      status: { type: "integer", description: "The HTTP status." },
      detail: { type: "string", description: "What went wrong this time, and what to do." },
      code: { type: "string", enum: Object.keys(ERROR_CODES) },
      request_id: { type: "string", description: "Quote it when you report a problem." },
      retryable: { type: "boolean", description: "The same request may succeed later, unchanged." },
      retry_after_ms: { type: "integer", description: "Wait this long before the next try." },
      errors: {
        type: "array",
        description: "The fields that were refused.",
        items: {
          type: "object",
          properties: {
            path: { type: "string", description: "Dotted, as in `message.content`." },
            message: { type: "string" },
          },
          required: ["path", "message"],
        },
      },
    },
    required: ["type", "title", "status", "detail", "code", "request_id", "retryable"],
  };
}

/** Every code with its status, as a Markdown table. */
function errorTable(): string {
  const rows = Object.entries(ERROR_CODES).map(
    ([code, { kind, message, retryable }]) =>
      `| \`${code}\` | ${ERROR_KINDS[kind]} | ${message} | ${retryable ? "yes" : "no"} |`,
  );
  return ["| code | status | message | retryable |", "|---|---|---|---|", ...rows].join("\n");
}

function failureResponse(kind: ErrorKind, codes: readonly ErrorCode[]): OpenApiResponse {
  return {
    description: codes.map((code) => `\`${code}\`: ${ERROR_CODES[code].message}`).join("\n\n"),
    headers: failureHeaders(kind),
    content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
  };
}

function codesOfKind(codes: readonly ErrorCode[], kind: ErrorKind): ErrorCode[] {
  return codes.filter((code) => ERROR_CODES[code].kind === kind);
}

function isShared(kind: ErrorKind): kind is SharedKind {
  return (SHARED_KINDS as readonly ErrorKind[]).includes(kind);
}
