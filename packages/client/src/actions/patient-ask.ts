import type { Clock } from "../clock.js";
import type { Link } from "../connection/link.js";
import { asRefusal, ParleyRefusal } from "../refusal.js";
import { retryPause } from "../retry-pause.js";
import type { Ask } from "../wire/commands.js";
import type { Naps } from "./naps.js";

export interface PatientAskParts {
  clock: Clock;
  random: () => number;
  naps: Naps;
  link(): Link | undefined;
  renew(): Promise<void>;
  /** How long a lost connection or a busy server is put up with. */
  patienceMs: number;
}

/** Asks, and asks again while it may help. Only for what does no harm when it is done twice. */
export function createPatientAsk(parts: PatientAskParts): Ask {
  return async (name, input) => {
    const deadline = parts.clock.now() + parts.patienceMs;
    for (let failures = 0; ; failures++) {
      try {
        const link = parts.link();
        if (link === undefined) throw offline();
        return await link.ask(name, input);
      } catch (error) {
        await waitAfter(parts, { why: asRefusal(error), failures, deadline });
      }
    }
  };
}

/** Waits until it is worth another try; throws when it is not. */
async function waitAfter(
  parts: PatientAskParts,
  { why, failures, deadline }: { why: ParleyRefusal; failures: number; deadline: number },
): Promise<void> {
  if (!why.retryable && !why.unauthenticated) throw why;
  if (why.unauthenticated) {
    await parts.renew().catch(() => {
      throw why;
    });
  }
  const waitMs = retryPause(why, { failures, random: parts.random });
  if (parts.clock.now() + waitMs > deadline) throw why;
  if (!(await parts.naps.nap(waitMs))) throw why;
}

function offline() {
  return new ParleyRefusal({ code: "connection_lost", message: "There is no connection to the server." });
}
