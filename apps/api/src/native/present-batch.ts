import type { BatchProgressShape, BatchShape } from "@parley/contracts";
import type { Campaign, CampaignProgress, VariantProgress } from "@parley/engine";

/** A campaign on the native wire. */
export function presentBatch(campaign: Campaign): BatchShape {
  const { id, state, category, critical, audience, notification, variants, expanded, total } = campaign;
  return {
    batch_id: id,
    ...{ state, category, critical, audience, notification, variants, expanded, total },
    created_by: campaign.createdBy,
    created_at: campaign.createdAt.toISOString(),
    send_at: campaign.sendAt.toISOString(),
    ...(campaign.startedAt && { started_at: campaign.startedAt.toISOString() }),
    ...(campaign.doneAt && { done_at: campaign.doneAt.toISOString() }),
  };
}

/** A campaign with what has become of it. */
export function presentBatchProgress(input: {
  campaign: Campaign;
  progress: CampaignProgress;
}): BatchProgressShape {
  const { variants, total, sent, ...numbers } = input.progress;
  return {
    ...presentBatch(input.campaign),
    ...numbers,
    total,
    sent,
    delivered: sent,
    by_variant: Object.fromEntries(variants.map(({ name, ...variant }) => [name, withRates(variant)])),
  };
}

function withRates(variant: VariantProgress): BatchProgressShape["by_variant"][string] {
  const { total, sent, clicked } = variant;
  return { ...variant, delivery_rate: rate(sent, total), click_rate: rate(clicked, sent) };
}

function rate(part: number, whole: number): number | null {
  return whole === 0 ? null : Math.round((part / whole) * 10_000) / 10_000;
}
