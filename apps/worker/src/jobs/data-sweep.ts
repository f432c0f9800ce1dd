import { pruneAudit, sweepDataTasks } from "@parley/engine";
import type { JobHandler } from "./job.js";

/** Takes up exports and erasures that nobody works on, and removes exports and entries of the audit log whose time is over. */
export const dataSweep: JobHandler<"data.sweep"> = async ({ engine, log, dataDuties }) => {
  const { taken, removed } = await sweepDataTasks(engine);
  if (removed > 0) log.info({ removed }, "Exports have expired");
  if (taken > 0) log.info({ taken }, "Exports or erasures were taken up again");
  const { auditKeptMs } = dataDuties;
  if (auditKeptMs === 0) return;
  const pruned = await pruneAudit(engine, { before: new Date(engine.clock().getTime() - auditKeptMs) });
  if (pruned > 0) log.info({ pruned }, "Old entries of the audit log were forgotten");
};
