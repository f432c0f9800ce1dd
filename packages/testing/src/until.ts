import { setTimeout as sleep } from "node:timers/promises";

const PATIENCE_MS = 60_000;
const SHORTEST_STEP_MS = 10;
const LONGEST_STEP_MS = 100;
/** A look often asks a whole cluster, so what takes long is looked for less often: it is seen at most a twentieth later. */
const STEPS_PER_WAIT = 20;

/** Waits until `look` finds something; fails with `what` when it has not after `patienceMs`. */
export async function until<Found>(
  look: () => Found | undefined | false | null | Promise<Found | undefined | false | null>,
  what: string,
  patienceMs = PATIENCE_MS,
): Promise<Found> {
  const begun = Date.now();
  for (;;) {
    const found = await look();
    if (found) return found;
    const waited = Date.now() - begun;
    if (waited > patienceMs) throw new Error(`gave up waiting until ${what}`);
    await sleep(Math.min(Math.max(waited / STEPS_PER_WAIT, SHORTEST_STEP_MS), LONGEST_STEP_MS));
  }
}
