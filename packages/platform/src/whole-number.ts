import { z } from "zod";

/** A variable that is a whole number between two others, both included. */
export function wholeNumber(least: number, most: number) {
  return z.coerce.number(`must be a whole number from ${least} to ${most}`).int().min(least).max(most);
}
