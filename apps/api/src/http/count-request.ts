import { ParleyError } from "@parley/contracts";
import type { RatePolicy } from "@parley/platform";
import type { Request, Response } from "express";
import { addressKey } from "../auth/address-key.js";
import { isRateExempt, messageKey, messagePolicy, requestPolicy, searchPolicy } from "../rate-policies.js";
import type { HttpMetrics } from "./http-metrics.js";
import type { HttpParts } from "./http-parts.js";

export interface Counting extends Pick<HttpParts, "limiter" | "config"> {
  metrics: HttpMetrics;
  response: Response;
}

type Kind = "request" | "message" | "search" | "address";

/** Counts a request of a user. Throws rate_limited. */
export async function countRequest(
  counting: Counting,
  user: { userId: string; role: string },
): Promise<void> {
  if (isRateExempt(user.role)) return;
  const policy = requestPolicy(counting.config);
  await count(counting, { kind: "request", key: `request:user:${user.userId}`, policy });
}

/** Counts a request that nobody known has made. Throws rate_limited. */
export async function countStranger(counting: Counting, request: Request): Promise<void> {
  const policy = requestPolicy(counting.config);
  await count(counting, { kind: "address", key: `request:ip:${addressKey(request.ip)}`, policy });
}

/** Counts a message, together with those that the user sends over sockets. Throws rate_limited. */
export async function countMessage(
  counting: Counting,
  user: { userId: string; role: string },
): Promise<void> {
  if (isRateExempt(user.role)) return;
  const policy = messagePolicy(counting.config);
  await count(counting, { kind: "message", key: messageKey(user.userId), policy });
}

/** Counts a search of a user. Throws rate_limited. */
export async function countSearch(counting: Counting, user: { userId: string; role: string }): Promise<void> {
  if (isRateExempt(user.role)) return;
  const policy = searchPolicy(counting.config);
  await count(counting, { kind: "search", key: `search:${user.userId}`, policy });
}

async function count(
  counting: Counting,
  what: { kind: Kind; key: string; policy: RatePolicy },
): Promise<void> {
  const decision = await counting.limiter.take(what.key, what.policy);
  counting.response.set({
    "RateLimit-Limit": String(decision.limit),
    "RateLimit-Remaining": String(decision.remaining),
    "RateLimit-Reset": String(Math.ceil(decision.resetMs / 1000)),
  });
  if (decision.allowed) return;
  counting.metrics.rateLimited.inc({ kind: what.kind });
  throw new ParleyError("rate_limited", { retryAfterMs: decision.retryAfterMs });
}
