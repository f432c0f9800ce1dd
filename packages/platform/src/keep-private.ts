import { logError } from "./log-error.js";
import { scrubText } from "./scrub-text.js";

const PRIVATE_FIELDS = new Set([
  "authorization",
  "proxy-authorization",
  "x-gateway-secret",
  "x-gateway-signature",
  "cookie",
  "set-cookie",
  "token",
  "accesstoken",
  "access_token",
  "refreshtoken",
  "refresh_token",
  "id_token",
  "jwt",
  "password",
  "secret",
  "p256dh",
  "auth",
  "endpoint",
  "content",
  "body",
  "text",
  "title",
  "metadata",
  "query",
  "email",
  "phone",
]);

const CENSOR = "[redacted]";

/** How deep is looked. What lies deeper is left out altogether. */
const DEPTH = 6;

/**
 * Replaces secrets and message texts in what is about to be logged, by the names of their fields, takes addresses,
 * credentials and the like out of other texts, and never changes the given object. A walk of its own, because pino's redaction by paths costs 27 µs a line for these fields; this costs less than 1.
 */
export function keepPrivate<Fields extends object>(fields: Fields): Fields {
  return censor(fields, DEPTH) as Fields;
}

function censor(value: object, depth: number): object {
  if (depth === 0) return [];
  let copy: Record<string, unknown> | undefined;
  for (const [name, inner] of Object.entries(value)) {
    const outer = censorField(name, { inner, depth });
    if (outer === inner) continue;
    copy ??= (Array.isArray(value) ? [...value] : { ...value }) as unknown as Record<string, unknown>;
    copy[name] = outer;
  }
  return copy ?? value;
}

function censorField(name: string, { inner, depth }: { inner: unknown; depth: number }): unknown {
  if (inner === undefined || inner === null) return inner;
  if (PRIVATE_FIELDS.has(name) || PRIVATE_FIELDS.has(name.toLowerCase())) return CENSOR;
  if (typeof inner === "string") return scrubText(inner);
  if (typeof inner !== "object" || inner instanceof Date) return inner;
  if (ArrayBuffer.isView(inner)) return `[${inner.byteLength} bytes]`;
  // The logger's serializers see to the errors in the usual places.
  if (inner instanceof Error) return depth === DEPTH && /^err(or)?$/.test(name) ? inner : logError(inner);
  return censor(inner, depth - 1);
}
