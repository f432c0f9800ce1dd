import { dispatchNotifications, expandCampaign } from "@parley/engine";
import type { JobHandler } from "./job.js";

const SLICE = 500;

/** Makes the notifications of a campaign's next recipients, decides about them, and asks for the step after it. */
export const campaignsExpand: JobHandler<"campaigns.expand"> = async (
  { engine, push },
  { campaignId, step },
) => {
  const { added, next } = await expandCampaign(engine, { campaignId, ...(step !== undefined && { step }) });
  for (let done = 0; done < added; done += SLICE) {
    const decided = await dispatchNotifications(engine, { which: { limit: SLICE }, rules: push.rules });
    push.metrics.decided(decided);
  }
  if (next === null) return;
  const { delayMs } = next;
  engine.enqueue("campaigns.expand", { campaignId, step: next.step }, { delayMs, bulk: true });
};
