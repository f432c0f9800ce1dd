import type { JOB_CATALOGUE, JobName } from "@parley/contracts";
import type { Engine, PushRules } from "@parley/engine";
import type { Log } from "@parley/platform";
import type { z } from "zod";
import type { AuditMetrics } from "../audit-metrics.js";
import type { PushMetrics } from "../push-metrics.js";

/** What every job is given. */
export interface JobContext {
  engine: Engine;
  log: Log;
  audit: AuditMetrics & {
    /** Where the next audit of this process goes on. */
    after?: string;
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
