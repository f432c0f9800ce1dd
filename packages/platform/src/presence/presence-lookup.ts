import type { Redis } from "../redis.js";
import type { PresenceState } from "./presence-state.js";
import { PRESENCE_BATCH, PresenceStore } from "./presence-store.js";

const PREFIX = "parley:{presence}";

/**
 * Makes the function with which a process that has no users of its own reads where users are, in the order of the ids. Rejects when
 * Redis is away.
 */
export function createPresenceLookup({
  redis,
  prefix = PREFIX,
}: {
  /** A connection of the role `cache`. */
  redis: Redis;
  prefix?: string;
}): (userIds: readonly string[]) => Promise<PresenceState[]> {
  // Reading needs no lease.
  const store = new PresenceStore({ redis, lease: "", leaseMs: 0, prefix });
  return async (userIds) => {
    const states: PresenceState[] = [];
    for (let from = 0; from < userIds.length; from += PRESENCE_BATCH) {
      states.push(...(await store.read(userIds.slice(from, from + PRESENCE_BATCH))));
    }
    return states;
  };
}
