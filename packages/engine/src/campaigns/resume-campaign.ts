import { ParleyError } from "@parley/contracts";
import { runAudited } from "../audit/run-audited.js";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import type { Campaign } from "./campaign.js";
import { type CampaignInput, readCampaign } from "./read-campaign.js";

/** Bounds one statement. */
const PAGE = 5_000;

// Those that are new again are behind the pause, so that each page finds the next, also when somebody else has begun. Locked in the order
// in which deliveries are recorded, so that nobody waits in a circle.
const REFRESH = `WITH page AS MATERIALIZED (
    SELECT n.id, greatest(now()::timestamptz(3), c.paused_at + interval '1 millisecond') AS fresh_at
    FROM campaigns c JOIN notifications n ON n.campaign_id = c.id AND n.created_at <= c.paused_at
    WHERE c.id = $1::uuid AND c.state = 'paused' AND n.state IN ('pending', 'waiting', 'due') LIMIT ${PAGE}
  ), locked AS MATERIALIZED (
    SELECT n.id, page.fresh_at FROM notifications n JOIN page ON page.id = n.id ORDER BY n.id FOR UPDATE OF n
  )
  UPDATE notifications n SET created_at = fresh_at, newest_at = fresh_at
  FROM locked WHERE n.id = locked.id AND n.state IN ('pending', 'waiting', 'due')`;

const RESUME = `UPDATE campaigns SET paused_at = NULL, counted_at = NULL,
    state = (CASE WHEN started_at IS NULL AND send_at > now() THEN 'scheduled' ELSE 'running' END)::campaign_state,
    started_at = CASE WHEN started_at IS NULL AND send_at > now() THEN NULL ELSE coalesce(started_at, now()) END
  WHERE id = $1::uuid AND state = 'paused' RETURNING step`;

/**
 * Lets a paused campaign go on where it stood. The pause does not count against the time within which a notification must be pushed.
 * One that is not paused stays as it is. Refuses: role_required, batch_not_found, batch_over, database_unavailable.
 */
export async function resumeCampaign(engine: Engine, input: CampaignInput): Promise<Campaign> {
  await readCampaign(engine, input);
  const { pool } = engine.database;
  const { actor, campaignId } = input;
  for (;;) {
    const { rowCount } = await guardDatabase(() => pool.query(REFRESH, [campaignId]));
    // Some of a full page may have been pushed meanwhile.
    if (rowCount === 0) break;
  }
  const record = {
    actor,
    action: "campaign.resumed",
    subject: { kind: "campaign", id: campaignId },
  } as const;
  const rows = await runAudited<{ step: number }>(engine, { text: RESUME, values: [campaignId], record });
  const campaign = await readCampaign(engine, input);
  if (campaign.state === "cancelled" || campaign.state === "done") throw new ParleyError("batch_over");
  const [resumed] = rows;
  if (resumed !== undefined && campaign.state === "running") {
    engine.enqueue("campaigns.expand", { campaignId, step: resumed.step }, { bulk: true });
  }
  return campaign;
}
