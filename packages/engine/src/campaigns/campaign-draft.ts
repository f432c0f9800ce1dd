import { createHash } from "node:crypto";
import { sortKeys } from "../messages/message-draft.js";
import type { Campaign, CampaignContent, CampaignVariant, StoredAudience } from "./campaign.js";

/** Whom a campaign is for: these people, everyone with one of these roles, or everyone of whom all of a segment holds. */
export type CampaignAudience =
  | { userIds: readonly string[] }
  | { userRoles: string[] }
  | { segment: CampaignSegment };

/** What is left out does not matter. */
export interface CampaignSegment {
  roles?: string[] | undefined;
  /** A language includes its countries': `pt` includes `pt-BR`. The person's, or that of one of their devices. */
  locales?: string[] | undefined;
  /** Seen since then, to the day. */
  activeSince?: Date | undefined;
  joinedBefore?: Date | undefined;
  hasSubscription?: boolean | undefined;
}

/** Where a variant differs from the campaign's own text. */
type ContentChange = { [Field in keyof CampaignContent]?: CampaignContent[Field] | undefined };

/** What somebody wants to tell many people. */
export interface CampaignDraft {
  audience: CampaignAudience;
  notification: CampaignContent;
  /** None: everyone gets `notification`. What a variant leaves out is as in `notification`. */
  variants: Array<{ name: string; weight: number; notification: ContentChange }>;
  category: Campaign["category"];
  critical: boolean;
  /** null: at once. */
  sendAt: Date | null;
  clientId?: string | undefined;
}

/** A campaign as it is about to be stored. */
export interface CampaignPlan {
  audience: StoredAudience;
  /** Sorted; none when the audience is not named person by person. */
  userIds: string[];
  variants: CampaignVariant[];
  /** Of everything that a retry must repeat. */
  digest: string;
}

/** Makes of a draft what is stored. */
export function planCampaign(draft: CampaignDraft): CampaignPlan {
  const { notification, category, critical, sendAt } = draft;
  const userIds = "userIds" in draft.audience ? [...new Set(draft.audience.userIds)].sort() : [];
  const audience = storedAudience(draft.audience, userIds.length);
  const variants = draft.variants.map((variant) => ({
    ...variant,
    notification: { ...notification, ...withoutUndefined(variant.notification) },
  }));
  const parts = {
    userIds,
    audience,
    notification,
    variants,
    category,
    critical,
    sendAt: sendAt?.toISOString(),
  };
  // By way of JSON, so that a field that is undefined is one that is missing.
  const text = JSON.stringify(sortKeys(JSON.parse(JSON.stringify(parts))));
  const digest = createHash("sha256").update(text).digest("base64url").slice(0, 22);
  return { audience, userIds, variants, digest };
}

function withoutUndefined(change: ContentChange): Partial<CampaignContent> {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
}

function storedAudience(audience: CampaignAudience, userCount: number): StoredAudience {
  if ("userIds" in audience) return { user_count: userCount };
  if ("userRoles" in audience) return { user_roles: audience.userRoles };
  const { roles, locales, activeSince, joinedBefore, hasSubscription } = audience.segment;
  return {
    segment: {
      ...(roles && { roles }),
      ...(locales && { locales: locales.map((locale) => locale.toLowerCase().replaceAll("_", "-")) }),
      ...(activeSince && { active_since: activeSince.toISOString() }),
      ...(joinedBefore && { joined_before: joinedBefore.toISOString() }),
      ...(hasSubscription !== undefined && { has_subscription: hasSubscription }),
    },
  };
}
