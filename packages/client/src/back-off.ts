const FIRST_MS = 500;
const LONGEST_MS = 30_000;

/** Full jitter: anything up to a limit that doubles with each failure, so that many clients do not come back as one wave. */
export function backOff(failures: number, random: () => number, longestMs = LONGEST_MS): number {
  return random() * Math.min(longestMs, FIRST_MS * 2 ** Math.min(failures, 16));
}
