/**
 * Tries of one delivery, the first included: one that took its worker with it counts, one that was held back before the push
 * service was asked does not.
 */
export const MOST_ATTEMPTS = 8;

const FIRST_MS = 15_000;
const FACTOR = 3;
const LONGEST_MS = 3_600_000;
/** Spreads what failed together, so that it does not come back together. */
const SPREAD = 0.2;

/** How long to wait after so many claims: 15 s, 45 s, 2 min, … up to an hour; about two and a half hours over eight of them. */
export function retryDelayMs(claims: number): number {
  const delay = Math.min(LONGEST_MS, FIRST_MS * FACTOR ** Math.max(0, claims - 1));
  return Math.round(delay * (1 + SPREAD * (2 * Math.random() - 1)));
}
