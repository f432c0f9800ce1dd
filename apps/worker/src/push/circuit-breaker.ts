import type { Clock } from "./clock.js";

export interface CircuitBreakerOptions {
  clock: Clock;
  /** So many pushes in a row without an answer open it. */
  failures: number;
  /** How long it is open the first time; twice as long after each probe that failed. */
  openMs: number;
  maxOpenMs: number;
}

export interface Pass {
  /** Whether everybody waits for this one's result. */
  probe: boolean;
}

export interface CircuitBreaker {
  state(): "closed" | "open" | "half_open";
  /** How long nobody may try, in milliseconds; undefined when somebody may. */
  blockedForMs(): number | undefined;
  /** Takes the right to try; only when nothing blocks it. */
  enter(): Pass;
  /** Gives the right back. `untried` when the service was not asked after all. Returns whether this opened the circuit. */
  leave(pass: Pass, result: "answered" | "failed" | "untried"): boolean;
}

/** While a probe is out, nobody knows: look again soon. */
const PROBE_WAIT_MS = 1_000;

/** Spares a dead service, and those who would wait for it: after some failures nobody asks for a while, then one push tries. */
export function createCircuitBreaker(options: CircuitBreakerOptions): CircuitBreaker {
  const { clock, failures: limit, openMs, maxOpenMs } = options;
  let failures = 0;
  let openForMs = openMs;
  let openUntil: number | undefined;
  let probing = false;
  const remaining = () => (openUntil === undefined ? 0 : openUntil - clock.monotonic());
  const open = () => {
    openUntil = clock.monotonic() + openForMs;
    openForMs = Math.min(openForMs * 2, maxOpenMs);
    return true;
  };
  const close = () => {
    failures = 0;
    openForMs = openMs;
    openUntil = undefined;
  };
  return {
    state: () => {
      if (openUntil === undefined) return "closed";
      return remaining() > 0 ? "open" : "half_open";
    },
    blockedForMs: () => {
      if (openUntil === undefined) return;
      if (remaining() > 0) return remaining();
      return probing ? PROBE_WAIT_MS : undefined;
    },
    enter: () => {
      const probe = openUntil !== undefined;
      if (probe) probing = true;
      return { probe };
    },
    leave: ({ probe }, result) => {
      if (probe) probing = false;
      if (result === "answered") close();
      if (result !== "failed") return false;
      // Pushes that were under way when it opened tell nothing new.
      if (openUntil !== undefined) return probe && open();
      failures += 1;
      return failures >= limit && open();
    },
  };
}
