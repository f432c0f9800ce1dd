import {
  type CampaignAudience,
  type CampaignDraft,
  cancelCampaign,
  createCampaign,
  getCampaign,
  listCampaigns,
  pauseCampaign,
  resumeCampaign,
} from "@parley/engine";
import { presentBatch, presentBatchProgress } from "../../native/present-batch.js";
import type { Handlers, Input } from "./handler.js";

export const campaignHandlers = {
  sendBatch: async ({ engine, actor }, { body }) => {
    const { campaignId } = await createCampaign(engine, { actor, draft: draftOf(body) });
    return { batch_id: campaignId };
  },

  listBatches: async ({ engine, actor }, { query }) => {
    const { limit, cursor } = query;
    const { campaigns, nextCursor } = await listCampaigns(engine, { actor, limit, cursor });
    const batches = campaigns.map(presentBatch);
    return nextCursor === null ? { batches } : { batches, next_cursor: nextCursor };
  },

  getBatch: async ({ engine, actor }, { params }) =>
    presentBatchProgress(await getCampaign(engine, { actor, campaignId: params.id })),

  pauseBatch: async ({ engine, actor }, { params }) =>
    presentBatch(await pauseCampaign(engine, { actor, campaignId: params.id })),

  resumeBatch: async ({ engine, actor }, { params }) =>
    presentBatch(await resumeCampaign(engine, { actor, campaignId: params.id })),

  cancelBatch: async ({ engine, actor }, { params }) =>
    presentBatch(await cancelCampaign(engine, { actor, campaignId: params.id })),
} satisfies Partial<Handlers>;

function draftOf(body: Input<"sendBatch">["body"]): CampaignDraft {
  const { category, critical, ...notification } = body.notification;
  return {
    audience: audienceOf(body),
    notification,
    variants: body.variants ?? [],
    category,
    critical,
    sendAt: body.send_at === undefined ? null : new Date(body.send_at),
    clientId: body.client_id,
  };
}

/** Exactly one of the three is there. */
function audienceOf(body: Input<"sendBatch">["body"]): CampaignAudience {
  if (body.user_ids !== undefined) return { userIds: body.user_ids };
  if (body.user_roles !== undefined) return { userRoles: body.user_roles };
  const { roles, locales, active_since, joined_before, has_subscription } = body.segment ?? {};
  const dateOf = (time: string | undefined) => (time === undefined ? undefined : new Date(time));
  return {
    segment: {
      roles,
      locales,
      activeSince: dateOf(active_since),
      joinedBefore: dateOf(joined_before),
      hasSubscription: has_subscription,
    },
  };
}
