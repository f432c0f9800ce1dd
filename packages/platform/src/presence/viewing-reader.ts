import type { Redis } from "../redis.js";
import { runScript } from "./presence-scripts.js";
import { ENTRIES_AT_ONCE, entryOf, LEASE_MS, PREFIX, type View } from "./view.js";
import { VIEWING_SCRIPTS } from "./viewing-scripts.js";

/**
 * Makes the function that reads who is looking: for each view, how many ms ago the user's node vouched for it, null when none does. A node
 * that vouched after a message was stored has had it. Rejects when Redis is away.
 */
export function createViewingReader({
  redis,
  prefix = PREFIX,
  leaseMs = LEASE_MS,
}: {
  /** A connection of the role `cache`. */
  redis: Redis;
  prefix?: string;
  leaseMs?: number;
}): (views: readonly View[]) => Promise<Array<number | null>> {
  return async (views) => {
    const found: Array<number | null> = [];
    for (let from = 0; from < views.length; from += ENTRIES_AT_ONCE) {
      const entries = views.slice(from, from + ENTRIES_AT_ONCE).map(entryOf);
      const call = { keys: [`${prefix}:viewing`], args: [`${prefix}:viewing:`, leaseMs, ...entries] };
      const answers = (await runScript(redis, VIEWING_SCRIPTS.read, call)) as number[];
      found.push(...answers.map((ago) => (ago < 0 ? null : ago)));
    }
    return found;
  };
}
