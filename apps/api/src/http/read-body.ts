import { LIMITS, ParleyError } from "@parley/contracts";
import express, { type Request, type Response } from "express";
import { isNestedDeeper } from "../is-nested-deeper.js";

type Parser = ReturnType<typeof express.json>;

/** By the bytes that a body may have; the catalogue has few different ones. */
const parsers = new Map<number, Parser>();

function parserFor(limit: number): Parser {
  // No inflation: a body of the largest size needs none, and a stranger's archive is work.
  const parser =
    parsers.get(limit) ?? express.json({ limit, strict: true, inflate: false, type: () => true });
  parsers.set(limit, parser);
  return parser;
}

/** No call needs as much; what comes after works recursively and must not be sent through the stack's end. */
const DEPTH_LIMIT = 32;

/**
 * Reads a call's JSON body; a request without one counts as `{}`, so that its missing fields are named.
 * Throws ParleyError, or the parser's error.
 */
export async function readBody(
  request: Request,
  response: Response,
  bytes: number = LIMITS.bodyBytes,
): Promise<Record<string, unknown>> {
  if (!hasBody(request)) return {};
  if (!/^application\/json\s*(;|$)/i.test(request.get("Content-Type") ?? "")) {
    throw new ParleyError("invalid_json", {
      message: "Send the body as JSON, with `Content-Type: application/json`.",
    });
  }
  await new Promise<void>((resolve, reject) => {
    parserFor(bytes)(request, response, (error?: unknown) =>
      error === undefined ? resolve() : reject(error),
    );
  });
  const body: unknown = request.body;
  if (typeof body !== "object" || body === null || Array.isArray(body))
    throw wrongBody("must be a JSON object");
  if (isNestedDeeper(body, DEPTH_LIMIT)) throw wrongBody(`must not be nested deeper than ${DEPTH_LIMIT}`);
  return body as Record<string, unknown>;
}

function wrongBody(message: string): ParleyError {
  return new ParleyError("invalid_input", { errors: [{ path: "", message }] });
}

function hasBody({ headers }: Request): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}
