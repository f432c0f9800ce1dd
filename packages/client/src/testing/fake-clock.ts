import type { Clock } from "../clock.js";

export interface FakeClock extends Clock {
  /** Lets time pass; everything that is due runs in order, with what follows from it. */
  advance(ms: number): Promise<void>;
  /** Lets everything run that needs no time. */
  settle(): Promise<void>;
  /** Timers that wait. */
  waiting(): number;
}

export function createFakeClock(): FakeClock {
  let now = 1_900_000_000_000;
  const timers = new Set<{ at: number; run: () => void }>();
  const settle = async () => {
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  };
  const nextUntil = (end: number) =>
    [...timers].filter((timer) => timer.at <= end).sort((left, right) => left.at - right.at)[0];
  return {
    now: () => now,
    after: (ms, run) => {
      const timer = { at: now + ms, run };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    settle,
    waiting: () => timers.size,
    advance: async (ms) => {
      const end = now + ms;
      await settle();
      for (let timer = nextUntil(end); timer !== undefined; timer = nextUntil(end)) {
        timers.delete(timer);
        now = Math.max(now, timer.at);
        timer.run();
        await settle();
      }
      now = end;
    },
  };
}
