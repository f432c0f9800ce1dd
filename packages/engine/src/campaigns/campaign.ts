import type { Campaign as CampaignRow } from "../generated/prisma/client.js";

export type CampaignState = CampaignRow["state"];

/** What a campaign says, as it is kept and as notifications are made of it. */
export interface CampaignContent {
  title: string;
  body: string;
  /** Where a tap leads. */
  url?: string | undefined;
  icon?: string | undefined;
  actions?: Array<{ action: string; title: string; icon?: string | undefined }> | undefined;
  /** Handed to the service worker. */
  data?: Record<string, unknown> | undefined;
}

/** One of the texts that a campaign compares. */
export interface CampaignVariant {
  name: string;
  /** Its share of the people is its share of all weights. */
  weight: number;
  notification: CampaignContent;
}

/** Whom a campaign is for, as it is kept. Times are ISO 8601. */
export type StoredAudience =
  | { user_count: number }
  | { user_roles: string[] }
  | {
      segment: {
        roles?: string[];
        /** In lower case, with hyphens. */
        locales?: string[];
        active_since?: string;
        joined_before?: string;
        has_subscription?: boolean;
      };
    };

/** One thing to tell many people. */
export interface Campaign {
  id: string;
  state: CampaignState;
  category: "promotional" | "system_alerts";
  critical: boolean;
  audience: StoredAudience;
  notification: CampaignContent;
  variants: CampaignVariant[];
  createdBy: string;
  createdAt: Date;
  sendAt: Date;
  startedAt: Date | null;
  doneAt: Date | null;
  /** All recipients are found; until then `total` grows. */
  expanded: boolean;
  total: number;
}

/** The stored columns hold what `createCampaign` has put there. */
export function campaignFromRow(row: CampaignRow): Campaign {
  const { id, state, critical, createdBy, createdAt, sendAt, startedAt, doneAt, expanded, total } = row;
  return {
    ...{ id, state, critical, createdBy, createdAt, sendAt, startedAt, doneAt, expanded, total },
    category: row.category as Campaign["category"],
    audience: row.audience as StoredAudience,
    notification: row.notification as unknown as CampaignContent,
    variants: row.variants as unknown as CampaignVariant[],
  };
}
