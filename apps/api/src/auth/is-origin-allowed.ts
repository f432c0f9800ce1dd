import type { ApiConfig } from "../config.js";

/**
 * Whether a web page of this origin may call the server. Requests without an origin don't come from a web page and are
 * none of this rule's business.
 */
export function isOriginAllowed(
  config: Pick<ApiConfig, "ALLOWED_ORIGINS" | "NODE_ENV">,
  origin: string | undefined,
): boolean {
  if (origin === undefined) return true;
  if (config.ALLOWED_ORIGINS.length === 0) return config.NODE_ENV !== "production";
  return config.ALLOWED_ORIGINS.includes(origin);
}
