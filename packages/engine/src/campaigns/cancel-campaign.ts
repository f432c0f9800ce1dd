import { ParleyError } from "@parley/contracts";
import { runAudited } from "../audit/run-audited.js";
import type { Engine } from "../engine.js";
import type { Campaign } from "./campaign.js";
import { expandCampaign } from "./expand-campaign.js";
import { type CampaignInput, readCampaign } from "./read-campaign.js";

/** Notifications that are cancelled before the answer; there are seldom more. */
const PAGE = 5_000;

const CANCEL = `UPDATE campaigns SET state = 'cancelled', counted_at = NULL
  WHERE id = $1::uuid AND state IN ('scheduled', 'running', 'paused') RETURNING id`;

/**
 * Ends a campaign, from the commit on: nothing more of it is made, decided or handed out to be pushed; then what is open of it is marked.
 * What somebody is pushing at that moment may still arrive. A cancelled one stays as it is.
 * Refuses: role_required, batch_not_found, batch_over (it is done), database_unavailable.
 */
export async function cancelCampaign(engine: Engine, input: CampaignInput): Promise<Campaign> {
  await readCampaign(engine, input);
  const { actor, campaignId } = input;
  const record = {
    actor,
    action: "campaign.cancelled",
    subject: { kind: "campaign", id: campaignId },
  } as const;
  await runAudited(engine, { text: CANCEL, values: [campaignId], record });
  const expanded = await expandCampaign(engine, { campaignId, limit: PAGE });
  if (expanded.state !== "cancelled") throw new ParleyError("batch_over");
  const { next } = expanded;
  if (next !== null) engine.enqueue("campaigns.expand", { campaignId, step: next.step }, { bulk: true });
  return readCampaign(engine, input);
}
