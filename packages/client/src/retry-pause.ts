import { backOff } from "./back-off.js";
import type { ParleyRefusal } from "./refusal.js";

/** A link that lives is a server that answers: when it can do again what it could not, its users should not sit and wait. */
const LONGEST_BACK_OFF_MS = 2_000;
/** No server means a longer time than this; one that says so is asked all the same. */
const LONGEST_HINT_MS = 30_000;

/** How long to wait before the same is asked again on a live link: what the server named, and up to two seconds more. */
export function retryPause(why: ParleyRefusal, after: { failures: number; random: () => number }): number {
  const hintMs = Math.min(why.retryAfterMs ?? 0, LONGEST_HINT_MS);
  return hintMs + backOff(after.failures, after.random, LONGEST_BACK_OFF_MS);
}
