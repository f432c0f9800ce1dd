import { setTimeout as sleep } from "node:timers/promises";

const PATIENCE_MS = 60_000;
const STEP_MS = 10;

/** Waits until `look` finds something; fails with `what` when it has not after `patienceMs`. */
export async function until<Found>(
  look: () => Found | undefined | false | null | Promise<Found | undefined | false | null>,
  what: string,
  patienceMs = PATIENCE_MS,
): Promise<Found> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`gave up waiting until ${what}`);
    await sleep(STEP_MS);
  }
}
