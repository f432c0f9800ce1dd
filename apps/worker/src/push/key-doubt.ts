import type { Clock } from "./clock.js";

/** What a 401 or 403 is taken to say. */
export type KeyRefusal =
  /** This subscription was made with other keys; or it is too early to tell. */
  | "subscription"
  /** The service takes nothing that is signed by us. */
  | "keys";

export interface KeyDoubt {
  /** The service has taken a push: whoever waits because of the keys need not any more. */
  accepted(): void;
  /** It has answered 401 or 403. Returns what that says, and for how long nobody is to ask from now on, when that is so. */
  refused(): { means: KeyRefusal; holdMs?: number };
  /** For how much longer nobody is to ask; 0: anybody may. */
  heldForMs(): number;
}

/** Times in milliseconds. */
export interface KeyDoubtLimits {
  /** So many 401s and 403s in a row are taken for the keys' fault. */
  keyRefusals: number;
  /** For how long nobody asks then. */
  keyHoldMs: number;
  /** For how long a push that was taken vouches for the keys: refusals are the subscriptions' then. */
  keyTrustMs: number;
}

/**
 * Tells keys that a service does not accept from subscriptions that belong to other keys: both are refused alike, and only the former concerns all
 * pushes. While it is the keys, a few try after each pause: somebody may have mended clock or subject, and among many subscriptions of the keys
 * before are some of the new ones.
 */
export function createKeyDoubt(clock: Clock, limits: KeyDoubtLimits): KeyDoubt {
  const { keyRefusals, keyHoldMs, keyTrustMs } = limits;
  let inRow = 0;
  let isDoubted = false;
  let trustedUntil = Number.NEGATIVE_INFINITY;
  let heldUntil = Number.NEGATIVE_INFINITY;
  return {
    accepted: () => {
      inRow = 0;
      isDoubted = false;
      trustedUntil = clock.monotonic() + keyTrustMs;
      heldUntil = Number.NEGATIVE_INFINITY;
    },
    refused: () => {
      if (clock.monotonic() < trustedUntil) return { means: "subscription" };
      inRow += 1;
      if (inRow < keyRefusals) return { means: isDoubted ? "keys" : "subscription" };
      inRow = 0;
      isDoubted = true;
      heldUntil = clock.monotonic() + keyHoldMs;
      return { means: "keys", holdMs: keyHoldMs };
    },
    heldForMs: () => Math.max(0, heldUntil - clock.monotonic()),
  };
}
