import { type Identity, ParleyError } from "@parley/contracts";
import type { RateLimiter, RatePolicy } from "@parley/platform";
import type { ApiConfig } from "../config.js";
import { connectPolicy, handshakePolicy, isRateExempt } from "../rate-policies.js";

export interface HandshakeRateParts {
  limiter: RateLimiter;
  config: ApiConfig;
}

/** Counts a handshake before it is asked whose it is; `address` as `addressKey` tells it. Refuses: rate_limited. */
export async function countHandshake(
  { limiter, config }: HandshakeRateParts,
  address: string,
): Promise<void> {
  await count(limiter, { key: `handshake:ip:${address}`, policy: handshakePolicy(config) });
}

/** Counts a handshake of somebody who is known, over all contracts. Refuses: rate_limited. */
export async function countConnect(
  { limiter, config }: HandshakeRateParts,
  { userId, role }: Pick<Identity, "userId" | "role">,
): Promise<void> {
  if (isRateExempt(role)) return;
  await count(limiter, { key: `handshake:user:${userId}`, policy: connectPolicy(config) });
}

async function count(
  limiter: RateLimiter,
  { key, policy }: { key: string; policy: RatePolicy },
): Promise<void> {
  const { allowed, retryAfterMs } = await limiter.take(key, policy);
  if (!allowed) throw new ParleyError("rate_limited", { retryAfterMs });
}
