import type { Request } from "express";

/**
 * Whether a request comes from a page of this server. Browsers say so in a header that no page can set; those that don't know it name
 * the page's origin with every change that they ask for.
 */
export function isSameOrigin(request: Request): boolean {
  const site = request.get("Sec-Fetch-Site");
  if (site !== undefined) return site === "same-origin";
  const origin = request.get("Origin");
  return origin !== undefined && URL.canParse(origin) && new URL(origin).host === request.host;
}
