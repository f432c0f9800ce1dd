import type { Actor } from "@parley/contracts";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { assertMayNotifyMany } from "../policy.js";
import { type Campaign, campaignFromRow } from "./campaign.js";

export interface ListCampaignsInput {
  actor: Actor;
  limit: number;
  /** The `nextCursor` of the page before. */
  cursor?: string | undefined;
}

/** Everybody's campaigns, the newest first. Refuses: role_required, database_unavailable. */
export async function listCampaigns(
  engine: Engine,
  { actor, limit, cursor }: ListCampaignsInput,
): Promise<{ campaigns: Campaign[]; nextCursor: string | null }> {
  assertMayNotifyMany(actor);
  // The ids are in the order of their making.
  const rows = await guardDatabase(() =>
    engine.database.prisma.campaign.findMany({
      ...(cursor === undefined ? {} : { where: { id: { lt: cursor } } }),
      orderBy: { id: "desc" },
      take: limit + 1,
    }),
  );
  const page = rows.slice(0, limit);
  return {
    campaigns: page.map(campaignFromRow),
    nextCursor: rows.length > limit ? (page.at(-1)?.id ?? null) : null,
  };
}
