import { createTestDatabase, openTestEngine, type TestDatabase } from "@parley/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Engine } from "../engine.js";
import { closeEngine } from "../open-engine.js";
import type { CampaignDraft } from "./campaign-draft.js";
import { createCampaign } from "./create-campaign.js";
import { getCampaign } from "./get-campaign.js";
import { listCampaigns } from "./list-campaigns.js";

const admin = { userId: "root", role: "admin" };
const platform = { userId: "platform", role: "system" };
const DAY = 24 * 3_600_000;

let database: TestDatabase;
let engine: Engine;
let jobs: Array<[string, object]> = [];

beforeAll(async () => {
  database = await createTestDatabase();
  ({ engine } = openTestEngine(database.url, { enqueue: (job, data) => void jobs.push([job, data]) }));
});

afterAll(async () => {
  await closeEngine(engine);
  await database.drop();
});

beforeEach(async () => {
  await engine.database.pool.query("TRUNCATE campaigns, campaign_recipients");
  jobs = [];
});

const draftOf = (more: Partial<CampaignDraft> = {}): CampaignDraft => ({
  audience: { userIds: ["ana", "bo"] },
  notification: { title: "News", body: "There is news.", data: { offer: 1, shop: "x" } },
  variants: [],
  category: "promotional",
  critical: false,
  sendAt: null,
  ...more,
});

const create = async (more: Partial<CampaignDraft> = {}, actor = admin) =>
  (await createCampaign(engine, { actor, draft: draftOf(more) })).campaignId;

const stored = async () => {
  const { rows } = await engine.database.pool.query(
    "SELECT (SELECT count(*) FROM campaigns) AS campaigns, (SELECT count(*) FROM campaign_recipients) AS recipients",
  );
  return rows[0];
};

describe("a campaign", () => {
  it("is taken on with its recipients, and its first step is asked for", async () => {
    const campaignId = await create({ audience: { userIds: ["bo", "ana", "bo"] } });
    expect(await stored()).toEqual({ campaigns: 1, recipients: 2 });
    expect(jobs).toEqual([["campaigns.expand", { campaignId, step: 0 }]]);
    const { campaign, progress } = await getCampaign(engine, { actor: platform, campaignId });
    expect(campaign).toMatchObject({
      state: "running",
      audience: { user_count: 2 },
      createdBy: "root",
      total: 0,
    });
    expect(progress).toMatchObject({ total: 0, pending: 0, suppressed: {}, variants: [] });
  });

  it("waits for its time, at most a year; a time that is over is now", async () => {
    const sendAt = new Date(Date.now() + DAY);
    const [later, past] = [await create({ sendAt }), await create({ sendAt: new Date(0) })];
    const read = async (campaignId: string) =>
      (await getCampaign(engine, { actor: admin, campaignId })).campaign;
    expect(await read(later)).toMatchObject({ state: "scheduled", sendAt, startedAt: null });
    expect(await read(past)).toMatchObject({ state: "running", startedAt: expect.any(Date) });
    expect((await read(past)).sendAt.getTime()).toBeGreaterThan(Date.now() - DAY);
    const tooLate = new Date(Date.now() + 400 * DAY);
    await expect(create({ sendAt: tooLate })).rejects.toMatchObject({ code: "invalid_input" });
  });

  it("can hold ten thousand people by their ids", async () => {
    const userIds = Array.from({ length: 10_000 }, (_, index) => `${index}-${"x".repeat(100)}`);
    await create({ audience: { userIds } });
    expect(await stored()).toEqual({ campaigns: 1, recipients: 10_000 });
  });

  it.each(["user", "shopper", "operator"])("is not for the role %s", async (role) => {
    await expect(create({}, { userId: "eve", role })).rejects.toMatchObject({ code: "role_required" });
    expect(await stored()).toEqual({ campaigns: 0, recipients: 0 });
  });

  it("is critical only when the platform says so", async () => {
    await expect(create({ critical: true })).rejects.toMatchObject({ code: "forbidden" });
    const campaignId = await create({ critical: true }, platform);
    expect((await getCampaign(engine, { actor: admin, campaignId })).campaign.critical).toBe(true);
  });
});

describe("a client id", () => {
  it("names one campaign, also for twins at the same moment and with the fields in another order", async () => {
    const clientId = "sales";
    const twins = await Promise.all(Array.from({ length: 5 }, () => create({ clientId })));
    const { data: _, ...words } = draftOf().notification;
    const again = await create({
      clientId,
      audience: { userIds: ["bo", "ana", "ana"] },
      notification: { data: { shop: "x", offer: 1 }, ...words, icon: undefined },
    });
    expect(new Set([...twins, again]).size).toBe(1);
    expect(await stored()).toEqual({ campaigns: 1, recipients: 2 });
    expect(jobs).toHaveLength(1);
  });

  it.each<[string, Partial<CampaignDraft>]>([
    ["other people", { audience: { userIds: ["ana"] } }],
    ["another audience", { audience: { userRoles: ["user"] } }],
    ["another text", { notification: { title: "News", body: "Other news." } }],
    ["another time", { sendAt: new Date("2020-01-01") }],
    ["another category", { category: "system_alerts" }],
    [
      "variants",
      {
        variants: [
          { name: "A", weight: 1, notification: {} },
          { name: "B", weight: 1, notification: {} },
        ],
      },
    ],
  ])("does not name a campaign with %s as well", async (_title, more) => {
    await create({ clientId: "sales" });
    await expect(create({ clientId: "sales", ...more })).rejects.toMatchObject({ code: "client_id_reused" });
    expect(await stored()).toEqual({ campaigns: 1, recipients: 2 });
  });

  it("is one's own", async () => {
    expect(await create({ clientId: "x" })).not.toBe(await create({ clientId: "x" }, platform));
    expect(await create()).not.toBe(await create());
  });
});

it("the list has everybody's campaigns, the newest first, page by page", async () => {
  const made = [];
  for (let index = 0; index < 5; index++) made.push(await create({}, index % 2 === 0 ? admin : platform));
  const pages = [];
  let cursor: string | undefined;
  do {
    const { campaigns, nextCursor } = await listCampaigns(engine, { actor: admin, limit: 2, cursor });
    pages.push(campaigns.map(({ id }) => id));
    cursor = nextCursor ?? undefined;
  } while (cursor !== undefined);
  expect(pages.map(({ length }) => length)).toEqual([2, 2, 1]);
  expect(pages.flat()).toEqual(made.toReversed());
  const eve = { userId: "eve", role: "user" };
  await expect(listCampaigns(engine, { actor: eve, limit: 2 })).rejects.toMatchObject({
    code: "role_required",
  });
});
