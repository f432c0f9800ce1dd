import { type Actor, ParleyError } from "@parley/contracts";
import { runAudited } from "../audit/run-audited.js";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import { assertMayNotifyMany } from "../policy.js";
import { type CampaignDraft, type CampaignPlan, planCampaign } from "./campaign-draft.js";

export interface CreateCampaignInput {
  actor: Actor;
  draft: CampaignDraft;
}

const LONGEST_WAIT_MS = 366 * 24 * 3_600_000;

const CREATE = `WITH made AS (
      INSERT INTO campaigns (id, created_by, client_id, digest, audience, notification, variants, category, critical, state, send_at,
        created_at, started_at)
      SELECT $1::uuid, $2, $3, $4, $5::jsonb, $6::jsonb, $7::jsonb, $8, $9::boolean,
        (CASE WHEN at > now THEN 'scheduled' ELSE 'running' END)::campaign_state, greatest(at, now), now, CASE WHEN at <= now THEN now END
      FROM (SELECT now, coalesce($10::timestamptz, now) AS at FROM (SELECT now()::timestamptz(3) AS now) clock) t
      ON CONFLICT (created_by, client_id) DO NOTHING RETURNING id
    ), named AS (
      INSERT INTO campaign_recipients (campaign_id, user_id) SELECT made.id, u.id FROM made CROSS JOIN unnest($11::text[]) AS u(id)
    )
    SELECT id FROM made`;

/**
 * Takes a campaign on: to begin at once, or when its time has come. A client id names it for ever: the same draft again is answered with the
 * same campaign. Refuses: role_required, forbidden (a critical one, for who is not the system), invalid_input (`sendAt` more than a year
 * ahead), client_id_reused (another draft), database_unavailable.
 */
export async function createCampaign(
  engine: Engine,
  { actor, draft }: CreateCampaignInput,
): Promise<{ campaignId: string }> {
  assertMayNotifyMany(actor, draft);
  if (draft.sendAt !== null && draft.sendAt.getTime() > engine.clock().getTime() + LONGEST_WAIT_MS) {
    const errors = [{ path: "send_at", message: "must be within a year" }];
    throw new ParleyError("invalid_input", { errors });
  }
  const plan = planCampaign(draft);
  const campaignId = engine.ids();
  const values = valuesOf({ actor, draft }, { campaignId, plan });
  const record = {
    actor,
    action: "campaign.created",
    subject: { kind: "campaign", id: campaignId },
  } as const;
  const rows = await runAudited<{ id: string }>(engine, { text: CREATE, values, record });
  if (rows.length === 0) return existingCampaign(engine, { actor, clientId: draft.clientId ?? "", plan });
  engine.enqueue("campaigns.expand", { campaignId, step: 0 }, { bulk: true });
  return { campaignId };
}

function valuesOf(
  { actor, draft }: CreateCampaignInput,
  { campaignId, plan }: { campaignId: string; plan: CampaignPlan },
): unknown[] {
  const { clientId, notification, category, critical, sendAt } = draft;
  const { audience, variants, digest, userIds } = plan;
  const json = [audience, notification, variants].map((value) => JSON.stringify(value));
  return [
    ...[campaignId, actor.userId, clientId ?? null, digest],
    ...json,
    ...[category, critical, sendAt, userIds],
  ];
}

async function existingCampaign(
  engine: Engine,
  input: { actor: Actor; clientId: string; plan: CampaignPlan },
): Promise<{ campaignId: string }> {
  const { actor, clientId, plan } = input;
  const key = { createdBy: actor.userId, clientId };
  const { id, digest } = await guardDatabase(() =>
    engine.database.prisma.campaign.findUniqueOrThrow({ where: { createdBy_clientId: key } }),
  );
  if (digest !== plan.digest) {
    throw new ParleyError("client_id_reused", {
      message: "This `client_id` already names another batch of yours; use a new one.",
    });
  }
  return { campaignId: id };
}
