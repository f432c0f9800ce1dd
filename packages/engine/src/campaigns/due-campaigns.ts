import type { JobInput } from "@parley/contracts";
import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";

/** Bounds one statement; the rest comes with the next sweep. */
const LIMIT = 1_000;
const GRACE_MS = 10_000;

const DUE = {
  name: "due-campaigns",
  text: `SELECT c.id AS "campaignId", c.step
    FROM campaigns c CROSS JOIN (SELECT coalesce($1::timestamptz, statement_timestamp()) AS now) t
    WHERE c.done_at IS NULL AND (
      c.state = 'scheduled' AND c.send_at <= t.now
      OR c.state IN ('running', 'cancelled') AND coalesce(c.stepped_at, c.created_at) <= t.now - $2::interval
        AND (c.state = 'cancelled' OR NOT c.expanded OR NOT EXISTS (
          SELECT FROM notifications n WHERE n.campaign_id = c.id AND n.state IN ('pending', 'waiting', 'due')))
    ) ORDER BY c.send_at LIMIT ${LIMIT}`,
};

/**
 * Campaigns with something to do that nobody seems to do, each as the data of its next `campaigns.expand` job: those whose time has come,
 * those whose chain of jobs is broken, and those that have only to be closed. Throws database_unavailable.
 */
export async function dueCampaigns(
  engine: Engine,
  { graceMs = GRACE_MS, now }: { graceMs?: number; now?: Date } = {},
): Promise<Array<JobInput<"campaigns.expand">>> {
  const values = [now ?? null, `${graceMs} milliseconds`];
  const { rows } = await guardDatabase(() =>
    engine.database.pool.query<JobInput<"campaigns.expand">>({ ...DUE, values }),
  );
  return rows;
}
