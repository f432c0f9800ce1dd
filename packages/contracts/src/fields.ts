import { z } from "zod";
import { LIMITS } from "./limits.js";

// NUL can't be stored by Postgres, and a lone surrogate has no UTF-8 form: both would fail far from the person who sent them.
const UNSTORABLE = /\p{Surrogate}/u;
const isStorable = (text: string) => !text.includes("\0") && !UNSTORABLE.test(text);
const FORBIDDEN_KEYS = new Set(["__proto__", "constructor", "prototype"]);

/** Text that Postgres and UTF-8 can hold; `limit` counts Unicode code points. */
export function textField(limit: number) {
  return z
    .string()
    .refine((text) => isStorable(text), "must not contain NUL or half of a surrogate pair")
    .refine((text) => countCodePoints(text) <= limit, `must have at most ${limit} characters`)
    .meta({ maxLength: limit });
}

/** Unicode code points, not UTF-16 units: an emoji counts once. */
export function countCodePoints(text: string): number {
  let count = text.length;
  for (let index = 0; index < text.length - 1; index++) {
    const unit = text.charCodeAt(index);
    if (unit >= 0xd800 && unit <= 0xdbff) {
      count--;
      index++;
    }
  }
  return count;
}

/** An id of someone else's making (user, order): opaque, printable, bounded. */
export const externalId = z
  .string()
  .min(1)
  .max(LIMITS.idLength)
  .regex(/^[^\p{C}]+$/u, "must not contain control characters")
  .refine((id) => id.trim() === id, "must not begin or end with a space");

/** Ids of Parley's own making. */
export const uuid = z.uuid().transform((id) => id.toLowerCase());

/** A time that Postgres, JavaScript and people can all hold. */
export const timestamp = z.iso
  .datetime({ offset: true })
  .refine((time) => /^[1-9]/.test(time), "must be a time after the year 1000");

/** An absolute http(s) address. */
export const webUrl = z
  .url({ protocol: /^https?$/ })
  .max(LIMITS.urlLength)
  .refine((url) => isStorable(url), "must not contain NUL or half of a surrogate pair");

const FILE_PATH =
  /^(?:https?:\/\/[^/?#\s]+)?\/v1\/files\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:[?#].*)?$/i;

/** The id of the file that an address names, if it has the form of a file of Parley: as a path, or with any server before it. */
export function fileIdOf(address: string): string | undefined {
  return FILE_PATH.exec(address)?.[1]?.toLowerCase();
}

/** Where a file of Parley is found; also what a message says that has it attached. */
export function filePath(fileId: string): string {
  return `/v1/files/${fileId}`;
}

/** What a message may have attached: a file of Parley by its path, or anything on the web. */
export const attachmentUrl = z.union([
  webUrl,
  z
    .string()
    .regex(
      /^\/v1\/files\/[0-9a-fA-F-]{36}$/,
      "must be an http(s) URL or the path of a file, /v1/files/{file_id}",
    ),
]);

/** Free JSON that travels with a message: bounded in bytes and depth, without keys that could reach a prototype. */
export const metadata = z.record(z.string(), z.unknown()).superRefine((value, context) => {
  const fault = metadataFault(value);
  if (fault) context.addIssue({ code: "custom", message: fault });
});

function metadataFault(value: Record<string, unknown>): string | undefined {
  // The depth first: what is nested too deep can't even be written as JSON.
  const fault = nodeFault(value, 1);
  if (fault) return fault;
  const bytes = new TextEncoder().encode(JSON.stringify(value)).byteLength;
  return bytes > LIMITS.metadataBytes ? `must have at most ${LIMITS.metadataBytes} bytes as JSON` : undefined;
}

function nodeFault(value: unknown, depth: number): string | undefined {
  if (typeof value === "string") {
    return isStorable(value) ? undefined : "must not contain NUL or half of a surrogate pair";
  }
  if (typeof value !== "object" || value === null) return undefined;
  if (!isPlain(value)) return "must be plain JSON";
  if (depth > LIMITS.metadataDepth) return `must not be nested deeper than ${LIMITS.metadataDepth}`;
  for (const key of Object.keys(value)) {
    if (FORBIDDEN_KEYS.has(key)) return `must not have a key named ${key}`;
    const fault = nodeFault(key, depth) ?? nodeFault((value as Record<string, unknown>)[key], depth + 1);
    if (fault) return fault;
  }
  return undefined;
}

/** Binary parts of a socket's event, for one, are not. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return Array.isArray(value) || prototype === Object.prototype || prototype === null;
}

/** A positive whole number, from JSON or a query string. */
export const positiveInt = z.coerce.number().int().min(1).max(2_147_483_647);

export const nonNegativeInt = z.coerce.number().int().min(0).max(2_147_483_647);

/** Rows a page may have; larger asks are clamped, not refused. */
export function pageLimit(standard: number) {
  return positiveInt.transform((rows) => Math.min(rows, LIMITS.pageRows)).default(standard);
}

/** One emoji (any single grapheme of at most 16 code points that is not plain text). */
export const emoji = z
  .string()
  .min(1)
  // Nothing further is asked of a longer text: finding its graphemes would take seconds.
  .max(64, { abort: true })
  .refine((text) => /\p{Extended_Pictographic}|\p{Regional_Indicator}|\u20e3/u.test(text), "must be an emoji")
  .refine((text) => [...new Intl.Segmenter().segment(text)].length === 1, "must be one emoji")
  .refine((text) => isStorable(text), "must be an emoji");

/** A time of day on somebody's wall, as `22:00`. */
export const clockTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, "must be a time such as 22:00");

/** A time zone by its IANA name. */
export const timeZone = z
  .string()
  .max(64)
  .regex(/^[A-Za-z][\w+/-]*$/, "must be the name of a time zone such as Asia/Tokyo")
  .refine(isTimeZone, "must be a time zone that this server knows");

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }) !== null;
  } catch {
    return false;
  }
}

/** A language, as `ja` or `pt-BR`. */
export const languageTag = z
  .string()
  .max(35)
  .regex(/^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$/, "must be a language tag such as ja or pt-BR");
