/** Seven rows, Monday first, of 24 hours. */
export type HourGrid = readonly (readonly number[])[];

const WEEK = 7 * 24;

/** Moves hours of the week from UTC to a zone that is so many minutes ahead; parts of an hour go to where most of it is. */
export function toLocalHours(hours: HourGrid, aheadMinutes: number): number[][] {
  const ahead = Math.round(aheadMinutes / 60);
  const flat = hours.flat();
  const moved = flat.map((_, index) => flat[(((index - ahead) % WEEK) + WEEK) % WEEK] ?? 0);
  return Array.from({ length: 7 }, (_, day) => moved.slice(day * 24, day * 24 + 24));
}
