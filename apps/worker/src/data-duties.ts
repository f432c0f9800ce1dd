import type { Redis } from "@parley/platform";
import type { WorkerConfig } from "./config.js";
import { createForget } from "./forget-in-redis.js";
import type { JobContext } from "./jobs/job.js";

const HOUR_MS = 3_600_000;

/** What the jobs of exports and erasures are given. `redis`: a connection of the role `cache`. */
export function dataDutiesOf(
  config: Pick<
    WorkerConfig,
    | "ERASURE_SETTLE_SECONDS"
    | "EXPORT_KEPT_HOURS"
    | "AUDIT_KEPT_DAYS"
    | "REFUSED_LOGINS_KEPT_DAYS"
    | "REDIS_PREFIX"
  >,
  redis: Redis,
): JobContext["dataDuties"] {
  return {
    settleMs: config.ERASURE_SETTLE_SECONDS * 1_000,
    exportKeptMs: config.EXPORT_KEPT_HOURS * HOUR_MS,
    auditKeptMs: config.AUDIT_KEPT_DAYS * 24 * HOUR_MS,
    refusedLoginsKeptMs: config.REFUSED_LOGINS_KEPT_DAYS * 24 * HOUR_MS,
    forget: createForget({ redis, prefix: config.REDIS_PREFIX }),
  };
}
