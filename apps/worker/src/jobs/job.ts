import type { JOB_CATALOGUE, JobName } from "@parley/contracts";
import type { Engine, PushRules, RetentionPolicy } from "@parley/engine";
import type { Log } from "@parley/platform";
import type { z } from "zod";
import type { ArchiveMetrics } from "../archive-metrics.js";
import type { AuditMetrics } from "../audit-metrics.js";
import type { PushMetrics } from "../push-metrics.js";
import type { SearchMetrics } from "../search-metrics.js";

/** What every job is given. */
export interface JobContext {
  engine: Engine;
  log: Log;
  archive: {
    policy: RetentionPolicy;
    /** Time between two runs. */
    everyMs: number;
    messagesPerSecond: number;
    metrics: ArchiveMetrics;
    /** Aborted when the worker stops: a run ends with its segment. */
    stopping: AbortController;
    /** Where the next run of this process goes on. */
    after?: string | undefined;
  };
  audit: AuditMetrics & {
    /** Where the next audit of this process goes on. */
    after?: string;
  };
  search: {
    metrics: SearchMetrics;
    /** Aborted when the worker stops: a run ends with its step. */
    stopping: AbortController;
  };
  dataDuties: {
    settleMs: number;
    exportKeptMs: number;
    /** 0: for ever. */
    auditKeptMs: number;
    /** Of refused logins; 0: as long as the rest of the audit log. */
    refusedLoginsKeptMs: number;
    /** Removes a person from what is kept in Redis. */
    forget: (userId: string) => Promise<number>;
  };
  push: {
    rules: Partial<PushRules>;
    metrics: PushMetrics;
    /** Pushes what is due of these notifications; undefined where there are no keys to push with. */
    deliver: ((notificationIds: readonly string[]) => Promise<void>) | undefined;
  };
}

/** Does one job. Runs at least once, so twice must do no harm; a rejection has it tried again. */
export type JobHandler<Name extends JobName> = (
  context: JobContext,
  data: z.output<(typeof JOB_CATALOGUE)[Name]>,
) => Promise<void>;
