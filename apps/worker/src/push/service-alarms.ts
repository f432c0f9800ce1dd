import type { Log } from "@parley/platform";
import type { Clock } from "./clock.js";

export interface ServiceAlarms {
  /** A service refused our keys or our token. */
  unauthorised(origin: string, facts: { statusCode?: number; detail?: string | undefined }): void;
}

const QUIET_MS = 10 * 60_000;
const MAX_ORIGINS = 1_000;

/** Says once in a while what every push would say again. */
export function createServiceAlarms({ log, clock }: { log: Log; clock: Clock }): ServiceAlarms {
  const quietUntil = new Map<string, number>();
  return {
    unauthorised: (origin, facts) => {
      const now = clock.monotonic();
      if (now < (quietUntil.get(origin) ?? now)) return;
      quietUntil.delete(origin);
      quietUntil.set(origin, now + QUIET_MS);
      const [oldest] = quietUntil.keys();
      if (quietUntil.size > MAX_ORIGINS && oldest !== undefined) quietUntil.delete(oldest);
      log.error({ origin, ...facts }, "A push service does not accept our VAPID key or token");
    },
  };
}
