import { pruneAudit, sweepDataTasks } from "@parley/engine";
import type { JobContext, JobHandler } from "./job.js";

/** Takes up exports and erasures that nobody works on, and removes exports and entries of the audit log whose time is over. */
export const dataSweep: JobHandler<"data.sweep"> = async ({ engine, log, dataDuties }) => {
  const { taken, removed } = await sweepDataTasks(engine);
  if (removed > 0) log.info({ removed }, "Exports have expired");
  if (taken > 0) log.info({ taken }, "Exports or erasures were taken up again");
  const { auditKeptMs, refusedLoginsKeptMs } = dataDuties;
  await forget({ engine, log }, { which: "refused_logins", keptMs: refusedLoginsKeptMs });
  await forget({ engine, log }, { which: "all", keptMs: auditKeptMs });
};

async function forget(
  { engine, log }: Pick<JobContext, "engine" | "log">,
  { which, keptMs }: { which: "refused_logins" | "all"; keptMs: number },
): Promise<void> {
  if (keptMs === 0) return;
  const pruned = await pruneAudit(engine, { before: new Date(engine.clock().getTime() - keptMs), which });
  if (pruned > 0) log.info({ pruned, which }, "Old entries of the audit log were forgotten");
}
