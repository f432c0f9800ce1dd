import { ParleyError } from "@parley/contracts";
import cors from "cors";
import type { RequestHandler } from "express";
import helmet from "helmet";
import { isOriginAllowed } from "../auth/is-origin-allowed.js";
import type { ApiConfig } from "../config.js";

const EXPOSED = [
  "Content-Disposition",
  "Content-Range",
  "ETag",
  "RateLimit-Limit",
  "RateLimit-Remaining",
  "RateLimit-Reset",
  "Retry-After",
  "X-Request-Id",
];
const HSTS_SECONDS = 180 * 24 * 60 * 60;

/** Headers that keep browsers from doing harm, and the rule of which web pages may call. */
export function guards(config: ApiConfig): RequestHandler[] {
  return [securityHeaders(config), refusePreflight(config), crossOrigin(config)];
}

function securityHeaders(config: ApiConfig): RequestHandler {
  return helmet({
    // The answers are data; the pages under /docs bring their own policy.
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { "default-src": ["'none'"], "base-uri": ["'none'"], "frame-ancestors": ["'none'"] },
    },
    strictTransportSecurity:
      config.NODE_ENV === "production" ? { maxAge: HSTS_SECONDS, includeSubDomains: false } : false,
    xFrameOptions: { action: "deny" },
  });
}

/** A browser hides why it may not call; the answer to its question says it, for who looks into the network tab. */
function refusePreflight(config: ApiConfig): RequestHandler {
  return (request, _response, next) => {
    const isPreflight =
      request.method === "OPTIONS" && request.get("Access-Control-Request-Method") !== undefined;
    if (isPreflight && !isOriginAllowed(config, request.get("Origin")))
      throw new ParleyError("origin_not_allowed");
    next();
  };
}

function crossOrigin(config: ApiConfig): RequestHandler {
  return cors({
    // Tokens travel in a header that no browser adds by itself, so cookies are never needed.
    credentials: false,
    origin: (origin, decide) => decide(null, origin !== undefined && isOriginAllowed(config, origin)),
    methods: ["GET", "POST", "PUT", "PATCH", "DELETE"],
    allowedHeaders: [
      "Authorization",
      "Content-Type",
      "If-None-Match",
      "If-Range",
      "Range",
      "X-Request-Id",
      "X-User-ID",
    ],
    exposedHeaders: EXPOSED,
    maxAge: 600,
  });
}
