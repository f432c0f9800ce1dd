import type { NotificationReason, NotificationState } from "@parley/contracts";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import type { Campaign } from "./campaign.js";
import { type CampaignInput, readCampaign } from "./read-campaign.js";

export interface VariantProgress {
  total: number;
  sent: number;
  opened: number;
  clicked: number;
}

/** What has become of a campaign's notifications; `total` is the sum of the first five. */
export interface CampaignProgress extends VariantProgress {
  /** Not decided, or not pushed yet. */
  pending: number;
  failed: number;
  cancelled: number;
  suppressed: Partial<Record<NotificationReason, number>>;
  /** In the order of the campaign's variants. */
  variants: Array<VariantProgress & { name: string }>;
}

export interface GetCampaignInput extends CampaignInput {
  /** How old the numbers may be, for each 100,000 recipients. */
  maxAgeMs?: number;
}

/** Notifications that have the same fate. */
interface CountedGroup {
  variant: string | null;
  state: NotificationState;
  reason: NotificationReason | null;
  count: number;
  opened: number;
  clicked: number;
}

const MAX_AGE_MS = 1_000;

const COUNT = {
  name: "read-campaign-counts",
  text: "SELECT read_campaign_counts($1::uuid, $2::interval, NULL) AS counts",
};

/**
 * A campaign and what has become of it. The numbers are counted at most once in a while, however many ask.
 * Refuses: role_required, batch_not_found, database_unavailable.
 */
export async function getCampaign(
  engine: Engine,
  input: GetCampaignInput,
): Promise<{ campaign: Campaign; progress: CampaignProgress }> {
  const campaign = await readCampaign(engine, input);
  const values = [campaign.id, `${input.maxAgeMs ?? MAX_AGE_MS} milliseconds`];
  const { rows } = await guardDatabase(() =>
    engine.database.pool.query<{ counts: CountedGroup[] | null }>({ ...COUNT, values }),
  );
  return { campaign, progress: progressOf(campaign, rows[0]?.counts ?? []) };
}

function progressOf(campaign: Campaign, groups: CountedGroup[]): CampaignProgress {
  const inState = (...states: NotificationState[]) =>
    sum(groups.filter(({ state }) => states.includes(state)).map(({ count }) => count));
  const open = inState("pending", "waiting", "due");
  const isCancelled = campaign.state === "cancelled";
  const suppressed: CampaignProgress["suppressed"] = {};
  for (const { state, reason, count } of groups) {
    if (state === "suppressed" && reason !== null) suppressed[reason] = (suppressed[reason] ?? 0) + count;
  }
  return {
    ...summary(groups),
    // Nothing will come of those that are still to be marked as cancelled.
    pending: isCancelled ? 0 : open,
    cancelled: inState("cancelled") + (isCancelled ? open : 0),
    failed: inState("failed"),
    suppressed,
    variants: campaign.variants.map(({ name }) => ({
      name,
      ...summary(groups.filter(({ variant }) => variant === name)),
    })),
  };
}

function summary(groups: CountedGroup[]): VariantProgress {
  return {
    total: sum(groups.map(({ count }) => count)),
    sent: sum(groups.filter(({ state }) => state === "sent").map(({ count }) => count)),
    opened: sum(groups.map(({ opened }) => opened)),
    clicked: sum(groups.map(({ clicked }) => clicked)),
  };
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
