import type { ErrorKind } from "../error-codes.js";
import type { OpenApiHeader, OpenApiReference } from "./document.js";

/** The headers that answers carry, as components. */
export const HEADERS = {
  "X-Request-Id": {
    description: "Names this request in the server's logs; a client may send its own.",
    schema: { type: "string" },
  },
  "RateLimit-Limit": {
    description: "Requests (or, when sending, messages) a minute that this user has in the whole cluster.",
    schema: { type: "integer" },
  },
  "RateLimit-Remaining": {
    description: "How many may be made at once now; it fills up again with time.",
    schema: { type: "integer" },
  },
  "RateLimit-Reset": {
    description: "Seconds until the burst is whole again.",
    schema: { type: "integer" },
  },
  "WWW-Authenticate": { description: "`Bearer`", schema: { type: "string" } },
  "Retry-After": { description: "Seconds to wait before the next try.", schema: { type: "integer" } },
} as const satisfies Record<string, OpenApiHeader>;

type HeaderName = keyof typeof HEADERS;

const ALWAYS = ["X-Request-Id"] as const;
const RATE_LIMIT = ["RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"] as const;

/** Headers of an answer that says yes. */
export function successHeaders(): Record<string, OpenApiReference> {
  return references([...ALWAYS, ...RATE_LIMIT]);
}

/** Headers of an answer that says no. */
export function failureHeaders(kind: ErrorKind): Record<string, OpenApiReference> {
  switch (kind) {
    case "unauthenticated":
      return references([...ALWAYS, "WWW-Authenticate"]);
    case "rate_limited":
      return references([...ALWAYS, ...RATE_LIMIT, "Retry-After"]);
    case "unavailable":
      return references([...ALWAYS, "Retry-After"]);
    default:
      return references(ALWAYS);
  }
}

function references(names: readonly HeaderName[]): Record<string, OpenApiReference> {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}
