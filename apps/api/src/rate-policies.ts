import type { RatePolicy } from "@parley/platform";
import type { ApiConfig } from "./config.js";

/** Messages that a user sends, over whichever transport. Roles with `isRateExempt` are not counted. */
export function messagePolicy(config: Pick<ApiConfig, "MESSAGES_PER_MINUTE" | "MESSAGES_BURST">): RatePolicy {
  return { name: "message", perMinute: config.MESSAGES_PER_MINUTE, burst: config.MESSAGES_BURST };
}

export function messageKey(userId: string): string {
  return `message:${userId}`;
}

/** Requests of a user, or of an address that shows no valid token. */
export function requestPolicy(config: Pick<ApiConfig, "REQUESTS_PER_MINUTE" | "REQUESTS_BURST">): RatePolicy {
  return { name: "request", perMinute: config.REQUESTS_PER_MINUTE, burst: config.REQUESTS_BURST };
}

/** Searches of a user, which cost more than other requests. */
export function searchPolicy(config: Pick<ApiConfig, "SEARCHES_PER_MINUTE" | "SEARCHES_BURST">): RatePolicy {
  return { name: "search", perMinute: config.SEARCHES_PER_MINUTE, burst: config.SEARCHES_BURST };
}

/** Handshakes of an address, before it is asked whose they are. */
export function handshakePolicy(
  config: Pick<ApiConfig, "HANDSHAKES_PER_MINUTE" | "HANDSHAKES_BURST">,
): RatePolicy {
  return { name: "handshake", perMinute: config.HANDSHAKES_PER_MINUTE, burst: config.HANDSHAKES_BURST };
}

/** Handshakes of a user who has shown who they are. */
export function connectPolicy(config: Pick<ApiConfig, "CONNECTS_PER_MINUTE" | "CONNECTS_BURST">): RatePolicy {
  return { name: "connect", perMinute: config.CONNECTS_PER_MINUTE, burst: config.CONNECTS_BURST };
}

export function isRateExempt(role: string): boolean {
  return role === "system";
}
