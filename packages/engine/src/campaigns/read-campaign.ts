import { type Actor, ParleyError } from "@parley/contracts";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { assertMayNotifyMany } from "../policy.js";
import { type Campaign, campaignFromRow } from "./campaign.js";

export interface CampaignInput {
  actor: Actor;
  campaignId: string;
}

/** A campaign by its id. Refuses: role_required, batch_not_found, database_unavailable. */
export async function readCampaign(engine: Engine, { actor, campaignId }: CampaignInput): Promise<Campaign> {
  assertMayNotifyMany(actor);
  const row = await guardDatabase(() =>
    engine.database.prisma.campaign.findUnique({ where: { id: campaignId } }),
  );
  if (row === null) throw new ParleyError("batch_not_found");
  return campaignFromRow(row);
}
