/** Tries of one delivery, the first included. */
export const MOST_ATTEMPTS = 8;

const FIRST_MS = 15_000;
const FACTOR = 3;
const LONGEST_MS = 3_600_000;
/** Spreads what failed together, so that it does not come back together. */
const SPREAD = 0.2;

/** How long to wait after so many tries: 15 s, 45 s, 2 min, … up to an hour; four and a half hours over all. */
export function retryDelayMs(attempts: number): number {
  const delay = Math.min(LONGEST_MS, FIRST_MS * FACTOR ** Math.max(0, attempts - 1));
  return Math.round(delay * (1 + SPREAD * (2 * Math.random() - 1)));
}
