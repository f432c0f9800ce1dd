import { setTimeout as sleep } from "node:timers/promises";
import { isDeadlock, isLockTimeout } from "../database/database-failure.js";

/**
 * How long a script waits for a lock. Everybody who comes to the table after it waits behind it, so it is little; but more than Postgres's
 * `deadlock_timeout`, after which a waiting script makes an autovacuum of the table give way. Milliseconds, as `lock_timeout` takes it.
 */
export const LOCK_WAIT_MS = 2_000;
/** In between, those who were held up get on. */
const PAUSE_MS = 1_000;

/**
 * Runs a script that is undone as a whole when it fails, again and again for `patienceMs` while somebody holds what it has to lock. Throws
 * what it threw last.
 */
export async function runPatiently(
  run: () => Promise<unknown>,
  { patienceMs }: { patienceMs: number },
): Promise<void> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    try {
      await run();
      return;
    } catch (error) {
      if (!isHeldUp(error) || performance.now() >= deadline) throw error;
      await sleep(PAUSE_MS);
    }
  }
}

/** Whether a script failed for somebody else's locks, and might not another time. */
export function isHeldUp(error: unknown): boolean {
  return isLockTimeout(error) || isDeadlock(error);
}
