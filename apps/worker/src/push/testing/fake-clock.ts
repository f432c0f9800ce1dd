import type { Clock } from "../clock.js";

export interface FakeClock extends Clock {
  /** Lets time pass at once; everything that is due runs in order. */
  advance(ms: number): void;
  /** How long until each timer that waits is due. */
  waiting(): number[];
}

/** A clock that stands still until it is told otherwise. */
export function createFakeClock(): FakeClock {
  const start = 1_900_000_000_000;
  let elapsed = 0;
  const timers = new Set<{ at: number; run: () => void }>();
  const nextUntil = (end: number) =>
    [...timers].filter((timer) => timer.at <= end).sort((left, right) => left.at - right.at)[0];
  return {
    now: () => start + elapsed,
    monotonic: () => elapsed,
    after: (ms, run) => {
      const timer = { at: elapsed + ms, run };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    waiting: () => [...timers].map((timer) => timer.at - elapsed).sort((left, right) => left - right),
    advance: (ms) => {
      const end = elapsed + ms;
      for (let timer = nextUntil(end); timer !== undefined; timer = nextUntil(end)) {
        timers.delete(timer);
        elapsed = Math.max(elapsed, timer.at);
        timer.run();
      }
      elapsed = end;
    },
  };
}
