import { guardDatabase } from "../database/database-failure.js";
import type { Engine } from "../engine.js";
import type { CampaignState } from "./campaign.js";

export interface ExpandInput {
  campaignId: string;
  /** Only this step; nothing is done when it has been taken. Left out: whichever is next. */
  step?: number | undefined;
  /** Recipients of one step. */
  limit?: number;
  /** People whom one step looks at, for campaigns that are for few of many. */
  scan?: number;
  /** Notifications of the campaign that may be waiting for decisions and pushes before further ones are made. */
  mostReady?: number;
  /** The database's clock when left out. */
  now?: Date;
}

export interface Expanded {
  /** null: there is no such campaign. */
  state: CampaignState | null;
  /** Notifications that were made. */
  added: number;
  /** What to ask for next, and when; null: nothing is left to do, or somebody else does it. */
  next: { step: number; delayMs: number } | null;
}

const LIMIT = 1_000;
const SCAN = 10_000;
const MOST_READY = 5_000;
/** Pushes take about that long to make room. */
const HELD_MS = 1_000;

const EXPAND = {
  name: "expand-campaign",
  text: `SELECT campaign_state AS state, added, next_step AS "nextStep", is_held AS "isHeld"
    FROM expand_campaign($1::uuid, $2::int, $3::int, $4::int, $5::int, $6::timestamptz)`,
};

interface Row {
  state: CampaignState;
  added: number;
  nextStep: number | null;
  isHeld: boolean;
}

/**
 * Takes a campaign one step further, in one transaction: makes the notifications of its next recipients, or cancels the next of those that a
 * cancelled one still has. Any number may ask at once, and any may die: each recipient gets one notification. No recipient is ever read into
 * this process. Throws database_unavailable.
 */
export async function expandCampaign(engine: Engine, input: ExpandInput): Promise<Expanded> {
  const { campaignId, step, limit = LIMIT, scan = SCAN, mostReady = MOST_READY, now } = input;
  const values = [campaignId, step ?? null, limit, scan, mostReady, now ?? null];
  const { rows } = await guardDatabase(() => engine.database.pool.query<Row>({ ...EXPAND, values }));
  const [row] = rows;
  if (row === undefined) return { state: null, added: 0, next: null };
  const { state, added, nextStep, isHeld } = row;
  return { state, added, next: nextStep === null ? null : { step: nextStep, delayMs: isHeld ? HELD_MS : 0 } };
}
