import { dueCampaigns, sweepNotifications } from "@parley/engine";
import type { JobHandler } from "./job.js";

/** Finds what no job did. */
export const notificationsSweep: JobHandler<"notifications.sweep"> = async (
  { engine, log, push },
  { full },
) => {
  for (const data of await dueCampaigns(engine)) engine.enqueue("campaigns.expand", data, { bulk: true });
  const { rules, metrics } = push;
  const swept = await sweepNotifications(engine, { full, rules, onDecided: metrics.decided });
  metrics.swept(swept);
  if (swept.collected > 0 || swept.due > 0) {
    log.info({ ...swept }, "Notifications were found that no job had taken care of");
  }
};
