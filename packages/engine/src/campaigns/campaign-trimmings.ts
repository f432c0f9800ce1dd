import type { CampaignContent } from "./campaign.js";

/** What a campaign's push has besides its words. */
export type CampaignTrimmings = Pick<CampaignContent, "icon" | "actions" | "data">;

/** Of a notification's data, as far as it is a campaign's: `createCampaign` has put it there. */
export function campaignTrimmings(data: Record<string, unknown> | null): CampaignTrimmings {
  return (data ?? {}) as CampaignTrimmings;
}
