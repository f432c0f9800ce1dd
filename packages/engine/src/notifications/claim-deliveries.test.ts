import { randomUUID } from "node:crypto";
import { createTestDatabase, createTestDevice, openTestEngine, type TestDatabase } from "@parley/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createCampaign } from "../campaigns/create-campaign.js";
import { expandCampaign } from "../campaigns/expand-campaign.js";
import type { Engine } from "../engine.js";
import { closeEngine } from "../open-engine.js";
import { claimDeliveries } from "./claim-deliveries.js";
import { createNotifications } from "./create-notifications.js";
import { decideNotifications } from "./decide-notifications.js";
import { subscribe } from "./subscribe.js";
import type { LocaleTexts } from "./templates/templates.js";

let database: TestDatabase;
let engine: Engine;
let logged: object[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  const node = openTestEngine(database.url).engine;
  const log = { ...node.log, error: (fields: object) => void logged.push(fields) };
  // A language whose texts are all missing, as a fault in a folder of templates could bring about.
  const broken = {} as LocaleTexts;
  const templates = { ...node.templates, locales: new Map([...node.templates.locales, ["xx", broken]]) };
  engine = { ...node, log, templates };
});

afterAll(async () => {
  await closeEngine(engine);
  await database.drop();
});

beforeEach(() => {
  logged = [];
});

/** A new person with a device per locale, who has a notification that is due. */
async function duePush(locales: string[]) {
  const userId = `to-${randomUUID()}`;
  for (const locale of locales) {
    await subscribe(engine, { actor: { userId, role: "user" }, ...createTestDevice(), locale });
  }
  const data = { order_id: "o-1", status: "shipped" };
  const notificationIds = await createNotifications(engine, [
    { userId, type: "order_update", critical: false, data },
  ]);
  await decideNotifications(engine, { which: { notificationIds } });
  return { userId, notificationIds };
}

async function rows<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
  return (await engine.database.pool.query<Row>(text, values)).rows;
}

const endOf = async (ids: readonly string[]) =>
  rows("SELECT state::text, reason FROM notifications WHERE id = ANY ($1)", [ids]);

/** The engine with a database that breaks off a statement. */
function without(statement: string): Engine {
  const { pool } = engine.database;
  const failing = Object.create(pool) as typeof pool;
  failing.query = ((query: { name?: string }, ...rest: unknown[]) =>
    query.name === statement
      ? Promise.reject(Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" }))
      : Reflect.apply(pool.query, pool, [query, ...rest])) as typeof pool.query;
  return { ...engine, database: { ...engine.database, pool: failing } };
}

describe("a notification that can't be put into words", () => {
  it("fails for that reason, and the others of the claim go out", async () => {
    const [good, bad] = [await duePush(["en"]), await duePush(["xx"])];
    const notificationIds = [...bad.notificationIds, ...good.notificationIds];
    const claimed = await claimDeliveries(engine, { notificationIds });
    expect(claimed).toMatchObject([{ notificationId: good.notificationIds[0], attempt: 1 }]);
    expect(await endOf(bad.notificationIds)).toEqual([{ state: "failed", reason: "unrenderable" }]);
    expect(logged).toMatchObject([{ notificationId: bad.notificationIds[0], err: expect.any(TypeError) }]);
    expect(await endOf(good.notificationIds)).toEqual([{ state: "due", reason: null }]);
  });

  it("fails on the device whose language is broken, and not on the person's other ones", async () => {
    const { notificationIds } = await duePush(["xx", "en"]);
    expect(await claimDeliveries(engine, { notificationIds })).toHaveLength(1);
    const states = await rows(
      "SELECT state::text FROM deliveries WHERE notification_id = ANY ($1) ORDER BY 1",
      [notificationIds],
    );
    expect(states).toEqual([{ state: "claimed" }, { state: "unrenderable" }]);
    expect(await endOf(notificationIds)).toEqual([{ state: "due", reason: null }]);
  });

  it("because its content can't even be read, fails alone, too", async () => {
    const good = await duePush(["en"]);
    const person = { userId: `to-${randomUUID()}`, role: "user" };
    await subscribe(engine, { actor: person, ...createTestDevice() });
    const { campaignId } = await createCampaign(engine, {
      actor: { userId: "root", role: "admin" },
      draft: {
        audience: { userIds: [person.userId] },
        notification: { title: "News", body: "There is news." },
        variants: [],
        category: "system_alerts",
        critical: false,
        sendAt: null,
      },
    });
    await expandCampaign(engine, { campaignId });
    const bad = await rows<{ id: string }>("SELECT id FROM notifications WHERE campaign_id = $1", [
      campaignId,
    ]);
    const ids = bad.map(({ id }) => id);
    await decideNotifications(engine, { which: { notificationIds: ids } });
    await rows(`UPDATE campaigns SET variants = '{"not": "a list"}' WHERE id = $1`, [campaignId]);
    const claimed = await claimDeliveries(engine, { notificationIds: [...ids, ...good.notificationIds] });
    expect(claimed.map(({ notificationId }) => notificationId)).toEqual(good.notificationIds);
    expect(await endOf(ids)).toEqual([{ state: "failed", reason: "unrenderable" }]);
    expect(logged).toHaveLength(1);
  });
});

describe("a database that fails", () => {
  it("while contents are read has cost nobody a try", async () => {
    const { notificationIds } = await duePush(["en"]);
    const failed = claimDeliveries(without("read-notification-contents"), { notificationIds });
    await expect(failed).rejects.toMatchObject({ code: "database_unavailable" });
    expect(await claimDeliveries(engine, { notificationIds })).toMatchObject([{ attempt: 1 }]);
  });

  it("while it is to keep what can't be rendered does not hold up what can", async () => {
    const [good, bad] = [await duePush(["en"]), await duePush(["xx"])];
    const notificationIds = [...bad.notificationIds, ...good.notificationIds];
    const claimed = await claimDeliveries(without("record-deliveries"), { notificationIds });
    expect(claimed).toHaveLength(1);
    expect(await endOf(bad.notificationIds)).toEqual([{ state: "due", reason: null }]);
    const now = new Date(Date.now() + 120_000);
    await claimDeliveries(engine, { notificationIds: bad.notificationIds, now });
    expect(await endOf(bad.notificationIds)).toEqual([{ state: "failed", reason: "unrenderable" }]);
  });
});
