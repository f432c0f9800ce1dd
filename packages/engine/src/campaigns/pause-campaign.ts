import { ParleyError } from "@parley/contracts";
import { runAudited } from "../audit/run-audited.js";
import type { Engine } from "../engine.js";
import type { Campaign } from "./campaign.js";
import { type CampaignInput, readCampaign } from "./read-campaign.js";

const PAUSE = `UPDATE campaigns SET state = 'paused', paused_at = now(), counted_at = NULL
  WHERE id = $1::uuid AND state IN ('scheduled', 'running') RETURNING id`;

/**
 * Holds a campaign, from the commit on: nothing more of it is made, decided or handed out to be pushed. What somebody is pushing at that
 * moment still goes out. A paused one stays as it is. Refuses: role_required, batch_not_found, batch_over, database_unavailable.
 */
export async function pauseCampaign(engine: Engine, input: CampaignInput): Promise<Campaign> {
  await readCampaign(engine, input);
  const { actor, campaignId } = input;
  const record = { actor, action: "campaign.paused", subject: { kind: "campaign", id: campaignId } } as const;
  await runAudited(engine, { text: PAUSE, values: [campaignId], record });
  const campaign = await readCampaign(engine, input);
  if (campaign.state !== "paused") throw new ParleyError("batch_over");
  return campaign;
}
