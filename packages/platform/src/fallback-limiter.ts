import type { RateDecision, RatePolicy } from "./rate-decision.js";

/** A limiter inside this process, with the algorithm of the shared one. */
export interface FallbackLimiter {
  take(key: string, policy: RatePolicy): RateDecision;
  /** Keys that are remembered at the moment. */
  readonly size: number;
}

/**
 * Makes a limiter for the time without Redis. It remembers at most `maxKeys` keys; beyond that the one longest unused is
 * forgotten. `now` gives milliseconds of a clock that never goes back.
 */
export function createFallbackLimiter({
  maxKeys = 50_000,
  now = () => performance.now(),
} = {}): FallbackLimiter {
  /** Per key the moment at which its burst is whole again, the longest unused first. */
  const wholeAt = new Map<string, number>();

  const remember = (name: string, whole: number) => {
    wholeAt.delete(name);
    wholeAt.set(name, whole);
    if (wholeAt.size > maxKeys) sweep(wholeAt, { now: now(), maxKeys });
  };

  return {
    get size() {
      return wholeAt.size;
    },
    take(key, policy) {
      const time = now();
      const interval = 60_000 / policy.perMinute;
      const window = interval * policy.burst;
      const name = `${policy.name}:${key}`;
      const whole = Math.max(wholeAt.get(name) ?? time, time);
      const after = whole + interval;
      const room = time + window - after;
      const limit = policy.perMinute;
      // Sums of intervals that are no whole milliseconds miss by some 1e-9.
      if (room < -1e-6)
        return {
          allowed: false,
          limit,
          remaining: 0,
          retryAfterMs: Math.floor(-room) + 2,
          resetMs: Math.ceil(whole - time),
        };
      remember(name, after);
      const remaining = Math.max(0, Math.floor(room / interval + 1e-6));
      return { allowed: true, limit, remaining, retryAfterMs: 0, resetMs: Math.ceil(after - time) };
    },
  };
}

/** Frees a tenth at least, so that the sweep's cost is spread over many takes. */
function sweep(wholeAt: Map<string, number>, { now, maxKeys }: { now: number; maxKeys: number }): void {
  for (const [name, whole] of wholeAt) if (whole <= now) wholeAt.delete(name);
  for (const name of wholeAt.keys()) {
    if (wholeAt.size <= maxKeys * 0.9) return;
    wholeAt.delete(name);
  }
}
