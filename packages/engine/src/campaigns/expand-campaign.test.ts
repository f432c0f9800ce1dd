import { createTestDatabase, openTestEngine, type TestDatabase } from "@parley/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Engine } from "../engine.js";
import { closeEngine } from "../open-engine.js";
import type { CampaignAudience, CampaignDraft } from "./campaign-draft.js";
import { createCampaign } from "./create-campaign.js";
import { dueCampaigns } from "./due-campaigns.js";
import { expandCampaign } from "./expand-campaign.js";
import { getCampaign } from "./get-campaign.js";

const admin = { userId: "root", role: "admin" };
const HOUR = 3_600_000;

let database: TestDatabase;
let engine: Engine;
/** Another process. */
let other: Engine;

beforeAll(async () => {
  database = await createTestDatabase();
  ({ engine } = openTestEngine(database.url));
  ({ engine: other } = openTestEngine(database.url));
});

afterAll(async () => {
  await closeEngine(engine);
  await closeEngine(other);
  await database.drop();
});

beforeEach(() =>
  sql(
    "TRUNCATE users, notifications, campaigns, campaign_recipients, push_subscriptions, notification_settings",
  ),
);

async function sql<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
  return (await engine.database.pool.query<Row>(text, values)).rows;
}

const addUsers = (count: number, role = "user") =>
  sql("INSERT INTO users (id, role) SELECT $2 || '-' || n, $2 FROM generate_series(1, $1::int) n", [
    count,
    role,
  ]);

async function create(audience: CampaignAudience, more: Partial<CampaignDraft> = {}): Promise<string> {
  const draft: CampaignDraft = {
    audience,
    notification: { title: "News", body: "There is news." },
    variants: [],
    category: "promotional",
    critical: false,
    sendAt: null,
    ...more,
  };
  return (await createCampaign(engine, { actor: admin, draft })).campaignId;
}

const recipients = async (campaignId: string) =>
  (await sql<{ user_id: string }>("SELECT user_id FROM notifications WHERE campaign_id = $1", [campaignId]))
    .map(({ user_id }) => user_id)
    .toSorted();

/** Expands to the end, and returns how many each step made. */
async function expandAll(campaignId: string, limit = 1_000): Promise<number[]> {
  const added: number[] = [];
  for (;;) {
    const expanded = await expandCampaign(engine, { campaignId, limit, mostReady: 1_000_000 });
    added.push(expanded.added);
    if (expanded.next === null) return added;
  }
}

const progress = async (campaignId: string) => getCampaign(engine, { actor: admin, campaignId, maxAgeMs: 0 });

describe("a step", () => {
  it("makes a notification for each of the next recipients, of what the campaign is", async () => {
    await addUsers(25);
    const campaignId = await create({ userRoles: ["user"] }, { category: "system_alerts" });
    expect(await expandAll(campaignId, 10)).toEqual([10, 10, 5]);
    expect(new Set(await recipients(campaignId)).size).toBe(25);
    const [row] = await sql("SELECT * FROM notifications WHERE campaign_id = $1", [campaignId]);
    expect(row).toMatchObject({
      ...{ type: "campaign", category: "system_alerts", critical: false, state: "pending" },
      ...{ data: null, variant: null, chat_id: null, message_count: 0 },
    });
    expect((await progress(campaignId)).campaign).toMatchObject({
      state: "running",
      expanded: true,
      total: 25,
    });
  });

  it("repeats nothing and loses nothing when whoever asked for it dies: the next one goes on", async () => {
    await addUsers(25);
    const campaignId = await create({ userRoles: ["user"] });
    await expandCampaign(engine, { campaignId, limit: 10 });
    // The transaction of a worker that is killed: it had its lock and its rows, and never committed.
    const client = await other.database.pool.connect();
    await client.query("BEGIN");
    await client.query("SELECT * FROM expand_campaign($1, NULL, 10, 1000, 1000, NULL)", [campaignId]);
    client.release(new Error("killed"));
    expect(await expandAll(campaignId, 10)).toEqual([10, 5]);
    expect(new Set(await recipients(campaignId)).size).toBe(25);
    expect((await progress(campaignId)).campaign.total).toBe(25);
  });

  it("is taken once, however many ask, and one chain of jobs goes on", async () => {
    await addUsers(50);
    const campaignId = await create({ userRoles: ["user"] });
    const asked = await Promise.all(
      [engine, other, engine, other].map((one) => expandCampaign(one, { campaignId, step: 0, limit: 10 })),
    );
    expect(asked.filter((expanded) => expanded.next !== null)).toMatchObject([
      { added: 10, next: { step: 1 } },
    ]);
    expect(asked.map((expanded) => expanded.added).toSorted()).toEqual([0, 0, 0, 10]);
  });

  it("that two take at once reaches each recipient once", async () => {
    await addUsers(200);
    const campaignId = await create({ userRoles: ["user"] });
    const steps = Array.from({ length: 24 }, (_, index) =>
      expandCampaign(index % 2 === 0 ? engine : other, { campaignId, limit: 10 }),
    );
    const added = (await Promise.all(steps)).map((expanded) => expanded.added);
    expect(added.reduce((sum, count) => sum + count, 0)).toBe(200);
    expect(new Set(await recipients(campaignId)).size).toBe(200);
  });

  it("is held back while enough of the campaign is to be pushed, but not by those that wait for their morning", async () => {
    await addUsers(40);
    const campaignId = await create({ userRoles: ["user"] });
    const step = () => expandCampaign(engine, { campaignId, limit: 10, mostReady: 15 });
    expect([(await step()).added, (await step()).added]).toEqual([10, 10]);
    const held = await step();
    expect(held).toMatchObject({ added: 0, next: { step: 3 } });
    expect(held.next?.delayMs).toBeGreaterThan(0);
    await sql(
      "UPDATE notifications SET state = 'waiting', due_at = now() + interval '8 hours' WHERE id IN (SELECT id FROM notifications LIMIT 4)",
    );
    expect(await step()).toMatchObject({ added: 0 });
    await sql(
      "UPDATE notifications SET state = 'sent' WHERE id IN (SELECT id FROM notifications WHERE state = 'pending' LIMIT 1)",
    );
    expect(await step()).toMatchObject({ added: 10, next: { step: 5, delayMs: 0 } });
  });

  it("looks at a bounded number of people, however few are meant", async () => {
    await addUsers(100);
    await addUsers(3, "z-operator");
    const campaignId = await create({ userRoles: ["z-operator"] });
    const steps = [];
    for (let step: number | undefined = 0; step !== undefined; ) {
      const expanded = await expandCampaign(engine, { campaignId, step, limit: 10, scan: 30 });
      steps.push(expanded.added);
      step = expanded.next?.step;
    }
    expect(steps).toEqual([0, 0, 0, 3]);
  });

  it("of an unknown campaign is nothing", async () => {
    expect(await expandCampaign(engine, { campaignId: engine.ids() })).toEqual({
      state: null,
      added: 0,
      next: null,
    });
  });
});

describe("the audience", () => {
  beforeEach(async () => {
    await sql(`INSERT INTO users (id, role, created_at, updated_at) VALUES
      ('ana', 'user', '2025-01-01', '2025-06-01'), ('bo', 'user', '2025-03-01', '2025-03-01'),
      ('cy', 'shopper', '2025-01-01', '2025-06-01'), ('di', 'operator', '2025-05-01', '2025-06-02')`);
    await sql(
      `INSERT INTO notification_settings (user_id, locale) VALUES ('ana', 'pt'), ('bo', 'PT_br'), ('cy', 'ptx')`,
    );
    await sql(`INSERT INTO push_subscriptions (id, user_id, endpoint, p256dh, auth, origin, locale) VALUES
      (gen_random_uuid(), 'cy', 'https://push.test/1', 'p', 'a', 'o', 'ja-JP'), (gen_random_uuid(), 'di', 'https://push.test/2', 'p', 'a', 'o', NULL)`);
  });

  it.each<[string, CampaignAudience, string[]]>([
    ["people by id, known or not, each once", { userIds: ["bo", "nobody", "bo"] }, ["bo", "nobody"]],
    ["a role", { userRoles: ["user"] }, ["ana", "bo"]],
    ["any role, also one of somebody else's", { userRoles: ["shopper", "operator", "none"] }, ["cy", "di"]],
    ["a role that nobody has", { userRoles: ["none"] }, []],
    ["a language with its countries, and no other", { segment: { locales: ["pt"] } }, ["ana", "bo"]],
    ["a country's language only", { segment: { locales: ["pt-BR"] } }, ["bo"]],
    ["the language of a device", { segment: { locales: ["ja", "xx"] } }, ["cy"]],
    ["who was here lately", { segment: { activeSince: new Date("2025-06-02") } }, ["di"]],
    ["who came early", { segment: { joinedBefore: new Date("2025-01-02") } }, ["ana", "cy"]],
    ["who has a device", { segment: { hasSubscription: true } }, ["cy", "di"]],
    ["who has none", { segment: { hasSubscription: false } }, ["ana", "bo"]],
    [
      "all of it together",
      {
        segment: {
          roles: ["user", "shopper"],
          locales: ["pt", "ja"],
          joinedBefore: new Date("2025-02-01"),
          activeSince: new Date("2025-06-01"),
          hasSubscription: true,
        },
      },
      ["cy"],
    ],
  ])("is %s", async (_title, audience, expected) => {
    const campaignId = await create(audience);
    await expandAll(campaignId, 1);
    expect(await recipients(campaignId)).toEqual(expected);
  });

  it("of nobody is done at once", async () => {
    const campaignId = await create({ userRoles: ["none"] });
    expect(await expandCampaign(engine, { campaignId })).toEqual({ state: "done", added: 0, next: null });
  });
});

describe("variants", () => {
  const variants = [
    { name: "A", weight: 1, notification: {} },
    { name: "B", weight: 3, notification: { title: "Other" } },
    { name: "C", weight: 0.001, notification: {} },
  ];
  const assigned = async (campaignId: string) =>
    new Map(
      (
        await sql<{ user_id: string; variant: string }>(
          "SELECT user_id, variant FROM notifications WHERE campaign_id = $1",
          [campaignId],
        )
      ).map(({ user_id, variant }) => [user_id, variant]),
    );

  it("are assigned by weight, and again the same to the same person, in whatever steps", async () => {
    await addUsers(4_000);
    const campaignId = await create({ userRoles: ["user"] }, { variants });
    await expandAll(campaignId, 1_000);
    const first = await assigned(campaignId);
    const count = (name: string) => [...first.values()].filter((variant) => variant === name).length;
    // 1,000 of 4,000 are meant: five standard deviations are 137.
    expect(count("A")).toBeGreaterThan(860);
    expect(count("A")).toBeLessThan(1_140);
    expect(count("A") + count("B") + count("C")).toBe(4_000);
    await sql("DELETE FROM notifications");
    await sql(
      "UPDATE campaigns SET position = NULL, expanded = false, total = 0, done_at = NULL, state = 'running'",
    );
    await expandAll(campaignId, 137);
    expect(await assigned(campaignId)).toEqual(first);
    const another = await create({ userRoles: ["user"] }, { variants });
    await expandAll(another);
    expect(await assigned(another)).not.toEqual(first);
  });

  it("keep what one of them does not say from the others' base", async () => {
    const campaignId = await create({ userIds: ["ana"] }, { variants });
    const { campaign } = await progress(campaignId);
    expect(campaign.variants[1]).toEqual({
      name: "B",
      weight: 3,
      notification: { title: "Other", body: "There is news." },
    });
  });
});

describe("what is due", () => {
  const dueIds = async (options?: Parameters<typeof dueCampaigns>[1]) =>
    (await dueCampaigns(engine, options)).map(({ campaignId }) => campaignId);

  it("is a campaign whose time has come, which then begins", async () => {
    await addUsers(3);
    const sendAt = new Date(Date.now() + HOUR);
    const campaignId = await create({ userRoles: ["user"] }, { sendAt });
    expect(await expandCampaign(engine, { campaignId })).toEqual({
      state: "scheduled",
      added: 0,
      next: null,
    });
    expect(await dueIds()).toEqual([]);
    const now = new Date(sendAt.getTime() + 1);
    expect(await dueCampaigns(engine, { now })).toEqual([{ campaignId, step: 0 }]);
    expect(await expandCampaign(engine, { campaignId, step: 0, now })).toMatchObject({
      state: "running",
      added: 3,
    });
  });

  it("is a campaign that nobody has gone on with, and not one that somebody goes on with", async () => {
    await addUsers(30);
    const campaignId = await create({ userRoles: ["user"] });
    expect([await dueIds(), await dueIds({ graceMs: 0 })]).toEqual([[], [campaignId]]);
    await expandCampaign(engine, { campaignId, limit: 10 });
    expect(await dueIds()).toEqual([]);
    expect(await dueCampaigns(engine, { now: new Date(Date.now() + 11_000) })).toEqual([
      { campaignId, step: 1 },
    ]);
    await expandAll(campaignId, 10);
    // Its pushes are under way; there is nothing to do for it.
    expect(await dueIds({ graceMs: 0 })).toEqual([]);
    await sql("UPDATE notifications SET state = 'sent'");
    expect(await dueIds({ graceMs: 0 })).toEqual([campaignId]);
    expect(await expandCampaign(engine, { campaignId })).toEqual({ state: "done", added: 0, next: null });
    expect(await dueIds({ graceMs: 0 })).toEqual([]);
    expect((await progress(campaignId)).campaign).toMatchObject({ state: "done", doneAt: expect.any(Date) });
  });
});

it("a hundred thousand recipients pass through no process", async () => {
  await addUsers(100_000);
  const campaignId = await create(
    { userRoles: ["user"] },
    {
      variants: [
        { name: "A", weight: 1, notification: {} },
        { name: "B", weight: 1, notification: {} },
      ],
    },
  );
  let rowsRead = 0;
  let steps = 0;
  let mostOpen = 0;
  const query = engine.database.pool.query.bind(engine.database.pool);
  const counted = { ...engine, database: { ...engine.database, pool: Object.create(engine.database.pool) } };
  counted.database.pool.query = async (...input: Parameters<typeof query>) => {
    const result = (await query(...input)) as unknown as { rows: unknown[] };
    rowsRead += result.rows.length;
    return result;
  };
  for (let step: number | undefined = 0; step !== undefined; steps++) {
    const expanded = await expandCampaign(counted, { campaignId, step });
    step = expanded.next?.step;
    if (expanded.added !== 0 && step !== undefined) continue;
    // It is held back, or at its end: the pushes go out.
    const [open] = await sql<{ count: number }>(
      "SELECT count(*) AS count FROM notifications WHERE state = 'pending'",
    );
    mostOpen = Math.max(mostOpen, open?.count ?? 0);
    await sql("UPDATE notifications SET state = 'sent' WHERE state = 'pending'");
  }
  expect(rowsRead).toBe(steps);
  expect(steps).toBeGreaterThan(100);
  expect(mostOpen).toBeGreaterThan(5_000);
  expect(mostOpen).toBeLessThanOrEqual(6_000);
  const [row] = await sql("SELECT count(*) AS all, count(DISTINCT user_id) AS people FROM notifications");
  expect(row).toEqual({ all: 100_000, people: 100_000 });
  const { campaign, progress: numbers } = await progress(campaignId);
  expect(campaign).toMatchObject({ total: 100_000, expanded: true });
  expect(numbers).toMatchObject({ total: 100_000, sent: 100_000, pending: 0 });
  expect(numbers.variants.map(({ total }) => total > 49_000)).toEqual([true, true]);
});
