import { addTestDevice, createTestDatabase, openTestEngine, type TestDatabase } from "@parley/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Engine } from "../engine.js";
import { type ClaimedDelivery, claimDeliveries } from "../notifications/claim-deliveries.js";
import { decideNotifications } from "../notifications/decide-notifications.js";
import { markNotification } from "../notifications/mark-notification.js";
import { pruneNotifications } from "../notifications/prune-notifications.js";
import { type DeliveryOutcome, recordDeliveries } from "../notifications/record-deliveries.js";
import { sweepNotifications } from "../notifications/sweep-notifications.js";
import { closeEngine } from "../open-engine.js";
import type { CampaignDraft } from "./campaign-draft.js";
import { cancelCampaign } from "./cancel-campaign.js";
import { createCampaign } from "./create-campaign.js";
import { dueCampaigns } from "./due-campaigns.js";
import { expandCampaign } from "./expand-campaign.js";
import { getCampaign } from "./get-campaign.js";
import { pauseCampaign } from "./pause-campaign.js";
import { resumeCampaign } from "./resume-campaign.js";

const admin = { userId: "root", role: "admin" };
const HOUR = 3_600_000;

let database: TestDatabase;
let engine: Engine;
let jobs: Array<{ job: string; data: object }> = [];

beforeAll(async () => {
  database = await createTestDatabase();
  ({ engine } = openTestEngine(database.url, { enqueue: (job, data) => void jobs.push({ job, data }) }));
});

afterAll(async () => {
  await closeEngine(engine);
  await database.drop();
});

beforeEach(async () => {
  await sql("TRUNCATE users, notifications, deliveries, campaigns, campaign_recipients, push_subscriptions");
  jobs = [];
});

async function sql<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
  return (await engine.database.pool.query<Row>(text, values)).rows;
}

/** A campaign for people with a device each; the first step has made the notifications of some of them. */
async function begin(people: string[], more: Partial<CampaignDraft> & { limit?: number } = {}) {
  for (const userId of people) await addTestDevice(engine, userId);
  const { limit = people.length, ...change } = more;
  const draft: CampaignDraft = {
    audience: { userIds: people },
    notification: { title: "News", body: "There is news." },
    variants: [],
    category: "system_alerts",
    critical: false,
    sendAt: null,
    ...change,
  };
  const { campaignId } = await createCampaign(engine, { actor: admin, draft });
  await expandCampaign(engine, { campaignId, limit });
  return { actor: admin, campaignId };
}

type At = { actor: typeof admin; campaignId: string };

const idsOf = async ({ campaignId }: At) =>
  (
    await sql<{ id: string }>("SELECT id FROM notifications WHERE campaign_id = $1 ORDER BY user_id", [
      campaignId,
    ])
  ).map(({ id }) => id);

const statesOf = async ({ campaignId }: At) =>
  (
    await sql<{ state: string }>(
      "SELECT state::text FROM notifications WHERE campaign_id = $1 ORDER BY user_id",
      [campaignId],
    )
  ).map(({ state }) => state);

/** Notifications of people who have no device, waiting for their morning. */
const addWaiting = ({ campaignId }: At, count: number) =>
  sql(
    `INSERT INTO notifications (id, user_id, type, category, campaign_id, state, due_at)
    SELECT gen_random_uuid(), 'user-' || n, 'campaign', 'system_alerts', $1, 'waiting', now() + interval '8 hours'
    FROM generate_series(1, $2::int) n`,
    [campaignId, count],
  );

const progressOf = async (at: At) => (await getCampaign(engine, { ...at, maxAgeMs: 0 })).progress;

const outcomes = (claimed: ClaimedDelivery[], outcome: DeliveryOutcome["outcome"]): DeliveryOutcome[] =>
  claimed.map((one) => ({ ...one, outcome, statusCode: null }));

/** Does everything that there is to do, and returns how many devices got something. */
async function pushAll(at: At, now = new Date()): Promise<number> {
  await decideNotifications(engine, { which: { limit: 500 }, now });
  const claimed = await claimDeliveries(engine, { notificationIds: await idsOf(at), now });
  await recordDeliveries(engine, { outcomes: outcomes(claimed, "accepted"), now });
  return claimed.length;
}

describe("a campaign's notification", () => {
  it("says what the campaign says, with its own trimmings", async () => {
    const notification = {
      ...{ title: "Sale", body: "Until Sunday.", url: "/offers", icon: "/icons/sale.png" },
      ...{ actions: [{ action: "view_offer", title: "Look" }], data: { offer: 7, type: "forged" } },
    };
    const at = await begin(["ana"], { notification });
    await decideNotifications(engine, { which: { limit: 500 } });
    const [claimed] = await claimDeliveries(engine, { notificationIds: await idsOf(at) });
    expect(claimed?.payload).toMatchObject({
      ...{ title: "Sale", body: "Until Sunday.", icon: "/icons/sale.png", tag: `campaign:${at.campaignId}` },
      ...{ actions: notification.actions, requireInteraction: false },
      data: { type: "campaign", campaignId: at.campaignId, url: "/offers", offer: 7 },
    });
  });

  it("says what the person's variant says", async () => {
    const people = Array.from({ length: 12 }, (_, index) => `person-${index}`);
    const variants = ["A", "B"].map((name) => ({
      name,
      weight: 1,
      notification: { title: `Title ${name}` },
    }));
    const at = await begin(people, { variants });
    await decideNotifications(engine, { which: { limit: 500 } });
    const claimed = await claimDeliveries(engine, { notificationIds: await idsOf(at) });
    const variantOf = new Map(
      (await sql<{ id: string; variant: string }>("SELECT id, variant FROM notifications")).map(
        ({ id, variant }) => [id, variant],
      ),
    );
    const titles = claimed.map(({ notificationId, payload }) => [
      payload.title,
      `Title ${variantOf.get(notificationId)}`,
    ]);
    expect(titles).toHaveLength(12);
    for (const [said, meant] of titles) expect(said).toBe(meant);
    expect(new Set(titles.map(([said]) => said)).size).toBe(2);
  });
});

describe("a paused campaign", () => {
  it("makes, decides and pushes nothing, and goes on where it stood", async () => {
    const at = await begin(["ana", "bo", "cy", "di"], { limit: 2 });
    await decideNotifications(engine, { which: { notificationIds: (await idsOf(at)).slice(0, 1) } });
    expect(await statesOf(at)).toEqual(["due", "pending"]);
    const paused = await pauseCampaign(engine, at);
    expect(paused.state).toBe("paused");
    const now = new Date(Date.now() + HOUR);
    expect(await expandCampaign(engine, { ...at, now })).toEqual({ state: "paused", added: 0, next: null });
    expect(await dueCampaigns(engine, { graceMs: 0, now })).toEqual([]);
    const notificationIds = await idsOf(at);
    for (const which of [{ limit: 500 }, { notificationIds }]) {
      expect(await decideNotifications(engine, { which, now })).toMatchObject({
        due: [],
        waiting: [],
        suppressed: [],
      });
    }
    expect(await sweepNotifications(engine, { now })).toMatchObject({ decided: 0, due: 0 });
    expect(await claimDeliveries(engine, { notificationIds, now })).toEqual([]);
    expect(await statesOf(at)).toEqual(["due", "pending"]);
    expect(await progressOf(at)).toMatchObject({ total: 2, pending: 2, sent: 0 });

    jobs = [];
    expect((await resumeCampaign(engine, at)).state).toBe("running");
    expect(jobs).toEqual([{ job: "campaigns.expand", data: { campaignId: at.campaignId, step: 1 } }]);
    await expandCampaign(engine, { ...at, step: 1 });
    expect(await pushAll(at)).toBe(4);
    expect(await pushAll(at)).toBe(0);
    expect(await progressOf(at)).toMatchObject({ total: 4, pending: 0, sent: 4 });
  });

  it("does not hold anything else back", async () => {
    const [paused, other] = [await begin(["ana"]), await begin(["bo"])];
    await pauseCampaign(engine, paused);
    expect(await pushAll(other)).toBe(1);
    expect([await statesOf(paused), await statesOf(other)]).toEqual([["pending"], ["sent"]]);
  });

  it("hears the end of what was being pushed, and does not try it again before it goes on", async () => {
    const at = await begin(["ana", "bo"]);
    await decideNotifications(engine, { which: { limit: 500 } });
    const notificationIds = await idsOf(at);
    const claimed = await claimDeliveries(engine, { notificationIds });
    await pauseCampaign(engine, at);
    const [first, second] = claimed;
    if (first === undefined || second === undefined) throw new Error("nothing was claimed");
    await recordDeliveries(engine, {
      outcomes: [...outcomes([first], "accepted"), ...outcomes([second], "retry_later")],
    });
    expect(await statesOf(at)).toEqual(expect.arrayContaining(["sent", "due"]));
    const now = new Date(Date.now() + HOUR);
    expect(await claimDeliveries(engine, { notificationIds, now })).toEqual([]);
    await resumeCampaign(engine, at);
    expect(await claimDeliveries(engine, { notificationIds, now })).toHaveLength(1);
  });

  it("may pause for days: its notifications are not too old afterwards, however many they are", async () => {
    const at = await begin(["ana", "bo"]);
    await decideNotifications(engine, { which: { notificationIds: (await idsOf(at)).slice(0, 1) } });
    await addWaiting(at, 11_000);
    const agesAgo = "now() - interval '3 days'";
    await sql(`UPDATE notifications SET created_at = ${agesAgo}, newest_at = ${agesAgo}`);
    await pauseCampaign(engine, at);
    await sql(`UPDATE campaigns SET paused_at = ${agesAgo} + interval '1 second'`);
    await resumeCampaign(engine, at);
    const [old] = await sql(
      "SELECT count(*) AS count FROM notifications WHERE created_at < now() - interval '1 day'",
    );
    expect(old).toEqual({ count: 0 });
    expect(await pushAll(at)).toBe(2);
  });

  it("that had not begun waits for its time again, or begins when it has passed", async () => {
    const at = await begin(["ana"], { sendAt: new Date(Date.now() + HOUR) });
    await pauseCampaign(engine, at);
    const now = new Date(Date.now() + 2 * HOUR);
    expect(await expandCampaign(engine, { ...at, now })).toMatchObject({ state: "paused", added: 0 });
    jobs = [];
    expect(await resumeCampaign(engine, at)).toMatchObject({ state: "scheduled", startedAt: null });
    expect(jobs).toEqual([]);
    await pauseCampaign(engine, at);
    await sql("UPDATE campaigns SET send_at = now() - interval '1 minute'");
    expect(await resumeCampaign(engine, at)).toMatchObject({ state: "running", startedAt: expect.any(Date) });
  });

  it("stays paused when it is paused again, and a running one running", async () => {
    const at = await begin(["ana"]);
    expect((await resumeCampaign(engine, at)).state).toBe("running");
    await pauseCampaign(engine, at);
    expect((await pauseCampaign(engine, at)).state).toBe("paused");
  });
});

describe("a cancelled campaign", () => {
  it("pushes nothing more, and counts what it did not", async () => {
    const at = await begin(["ana", "bo", "cy"], { limit: 2 });
    await decideNotifications(engine, { which: { notificationIds: (await idsOf(at)).slice(0, 1) } });
    expect(await cancelCampaign(engine, at)).toMatchObject({ state: "cancelled", doneAt: expect.any(Date) });
    const rows = await sql("SELECT state::text, reason FROM notifications");
    expect(rows).toEqual(rows.map(() => ({ state: "cancelled", reason: "campaign_cancelled" })));
    expect(await pushAll(at, new Date(Date.now() + HOUR))).toBe(0);
    expect(await expandCampaign(engine, at)).toEqual({ state: "cancelled", added: 0, next: null });
    expect(await dueCampaigns(engine, { graceMs: 0 })).toEqual([]);
    expect(await progressOf(at)).toMatchObject({ total: 2, pending: 0, cancelled: 2, sent: 0 });
    expect((await cancelCampaign(engine, at)).state).toBe("cancelled");
  });

  it("of any size is over at once; what is open of it is marked page by page, by whoever finds it", async () => {
    const at = await begin(["ana"]);
    await addWaiting(at, 5_999);
    jobs = [];
    expect(await cancelCampaign(engine, at)).toMatchObject({ state: "cancelled", doneAt: null });
    expect(await progressOf(at)).toMatchObject({ total: 6_000, pending: 0, cancelled: 6_000 });
    expect(await pushAll(at, new Date(Date.now() + HOUR))).toBe(0);
    expect(jobs).toEqual([{ job: "campaigns.expand", data: { campaignId: at.campaignId, step: 2 } }]);
    expect(await dueCampaigns(engine, { graceMs: 0 })).toEqual([{ campaignId: at.campaignId, step: 2 }]);
    expect(await expandCampaign(engine, { ...at, step: 2 })).toEqual({
      state: "cancelled",
      added: 0,
      next: null,
    });
    expect(new Set(await statesOf(at))).toEqual(new Set(["cancelled"]));
    expect(await dueCampaigns(engine, { graceMs: 0 })).toEqual([]);
  });

  it("counts what a push service had in its hands and took", async () => {
    const at = await begin(["ana", "bo"]);
    await decideNotifications(engine, { which: { limit: 500 } });
    const [first, second] = await claimDeliveries(engine, { notificationIds: await idsOf(at) });
    if (first === undefined || second === undefined) throw new Error("nothing was claimed");
    await cancelCampaign(engine, at);
    const deliveries = () =>
      sql("SELECT state::text, done_at IS NOT NULL AS done FROM deliveries ORDER BY state");
    expect(await deliveries()).toEqual([1, 2].map(() => ({ state: "expired", done: true })));
    await recordDeliveries(engine, {
      outcomes: [...outcomes([first], "accepted"), ...outcomes([second], "retry_later")],
    });
    expect(await progressOf(at)).toMatchObject({ total: 2, sent: 1, cancelled: 1 });
    expect(await deliveries()).toMatchObject([{ state: "accepted" }, { state: "expired" }]);
    const now = new Date(Date.now() + HOUR);
    expect(await claimDeliveries(engine, { notificationIds: await idsOf(at), now })).toEqual([]);
  });

  it.each([pauseCampaign, resumeCampaign])("can't be changed any more (%o)", async (change) => {
    const at = await begin(["ana"]);
    await cancelCampaign(engine, at);
    await expect(change(engine, at)).rejects.toMatchObject({ code: "batch_over" });
  });
});

describe("changing", () => {
  const changes = [pauseCampaign, resumeCampaign, cancelCampaign, getCampaign];

  it("a campaign that is done is too late", async () => {
    const at = await begin(["ana"]);
    await pushAll(at);
    expect((await expandCampaign(engine, at)).state).toBe("done");
    for (const change of [pauseCampaign, resumeCampaign, cancelCampaign]) {
      await expect(change(engine, at)).rejects.toMatchObject({ code: "batch_over" });
    }
    expect(await progressOf(at)).toMatchObject({ sent: 1, cancelled: 0 });
  });

  it.each(changes)(
    "is for operators and the platform, and for campaigns that there are (%o)",
    async (change) => {
      const at = await begin(["ana"]);
      for (const role of ["user", "shopper", "operator"]) {
        const actor = { userId: "eve", role };
        await expect(change(engine, { ...at, actor })).rejects.toMatchObject({ code: "role_required" });
      }
      const unknown = { ...at, campaignId: engine.ids() };
      await expect(change(engine, unknown)).rejects.toMatchObject({ code: "batch_not_found" });
      expect((await getCampaign(engine, at)).campaign.state).toBe("running");
    },
  );
});

describe("the numbers", () => {
  it("tell states, reasons and variants apart, with what was opened and clicked", async () => {
    const variants = ["A", "B"].map((name) => ({ name, weight: 1, notification: {} }));
    const people = Array.from({ length: 8 }, (_, index) => `person-${index}`);
    const at = await begin(people, { variants });
    const ids = await idsOf(at);
    await sql("UPDATE notifications SET variant = CASE WHEN user_id < 'person-4' THEN 'A' ELSE 'B' END");
    await sql("DELETE FROM push_subscriptions WHERE user_id IN ('person-0', 'person-7')");
    await sql(
      "INSERT INTO notification_settings (user_id, preferences) VALUES ('person-1', '{\"system_alerts\": false}')",
    );
    expect(await pushAll(at)).toBe(5);
    for (const index of [4, 5]) {
      const actor = { userId: `person-${index}`, role: "user" };
      await markNotification(engine, {
        actor,
        notificationId: ids[index] ?? "",
        as: index === 4 ? "opened" : "clicked",
      });
    }
    const progress = await progressOf(at);
    expect(progress).toMatchObject({
      ...{ total: 8, sent: 5, pending: 0, failed: 0, cancelled: 0, clicked: 1 },
      suppressed: { no_subscription: 2, category_off: 1 },
    });
    expect(progress.variants).toMatchObject([
      { name: "A", total: 4, sent: 2, opened: 0, clicked: 0 },
      { name: "B", total: 4, sent: 3, opened: 2, clicked: 1 },
    ]);
  });

  it("are counted once in a while, however many ask", async () => {
    const at = await begin(["ana", "bo"]);
    const ask = async (maxAgeMs: number) => (await getCampaign(engine, { ...at, maxAgeMs })).progress.sent;
    expect(await ask(HOUR)).toBe(0);
    await pushAll(at);
    expect([await ask(HOUR), await ask(0)]).toEqual([0, 2]);
  });

  it("stay when the notifications are forgotten", async () => {
    const at = await begin(["ana", "bo"]);
    await pushAll(at);
    await expandCampaign(engine, at);
    const before = await progressOf(at);
    expect(before).toMatchObject({ total: 2, sent: 2 });
    await pruneNotifications(engine, { olderThanMs: HOUR, now: new Date(Date.now() + 2 * HOUR) });
    expect(await idsOf(at)).toEqual([]);
    expect(await progressOf(at)).toEqual(before);
  });
});
