/** Moments before now, so that a page shows them as fresh as it would in life. */
export const ago = (seconds: number): string => new Date(Date.now() - seconds * 1000).toISOString();

/** Ids that look like those of the application, the same in each run. */
export const idOf = (number: number): string =>
  `01980000-0000-7000-8000-${number.toString(16).padStart(12, "0")}`;

/** Numbers that wander like measured ones, the same in each run. */
export function wave(index: number, { base, swing }: { base: number; swing: number }): number {
  const value =
    base + swing * (Math.sin(index / 5) + 0.4 * Math.sin(index / 1.7) + 0.2 * Math.sin(index * 2.3));
  return Math.max(0, Math.round(value * 100) / 100);
}
