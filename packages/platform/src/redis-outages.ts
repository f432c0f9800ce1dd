import type { Log } from "./logger.js";
import type { RedisRole } from "./redis-roles.js";

/** Says once that Redis is away and once that it is back, however often either is noticed. */
export interface RedisOutages {
  away(fields?: object): void;
  /** Answers whether it was away. */
  back(): boolean;
}

export function createRedisOutages({ role, log }: { role: RedisRole; log: Log }): RedisOutages {
  let isAway = false;
  return {
    away: (fields = {}) => {
      if (!isAway) log.warn({ role, ...fields }, "Redis is away; trying again until it is back");
      isAway = true;
    },
    back: () => {
      if (!isAway) return false;
      isAway = false;
      log.info({ role }, "Redis is back");
      return true;
    },
  };
}
