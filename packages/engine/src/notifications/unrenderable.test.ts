import { randomUUID } from "node:crypto";
import type { Batch } from "@parley/contracts";
import { createTestDatabase, openTestEngine, type TestDatabase } from "@parley/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createCampaign } from "../campaigns/create-campaign.js";
import { expandCampaign } from "../campaigns/expand-campaign.js";
import type { Engine } from "../engine.js";
import { closeEngine } from "../open-engine.js";
import { announceNotifications } from "./announce-notifications.js";
import { createNotifications } from "./create-notifications.js";
import { decideNotifications } from "./decide-notifications.js";
import { listNotifications } from "./list-notifications.js";
import { noteUnrenderable } from "./note-unrenderable.js";
import { changeNotificationSettings } from "./notification-settings.js";
import type { LocaleTexts } from "./templates/templates.js";

let database: TestDatabase;
let engine: Engine;
let batches: Batch[];
let logged: object[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  const node = openTestEngine(database.url);
  const log = { ...node.engine.log, error: (fields: object) => void logged.push(fields) };
  // A language whose texts are all missing, as a fault in a folder of templates could bring about.
  const { templates } = node.engine;
  const locales = new Map([...templates.locales, ["xx", {} as LocaleTexts]]);
  engine = { ...node.engine, log, templates: { ...templates, locales } };
  batches = node.batches;
});

afterAll(async () => {
  await closeEngine(engine);
  await database.drop();
});

beforeEach(() => {
  logged = [];
});

const somebody = () => ({ userId: `user-${randomUUID()}`, role: "user" });

async function notify(userId: string, data: Record<string, string> = {}): Promise<string> {
  const notification = {
    userId,
    type: "order_update",
    critical: false,
    data: { order_id: "o-1", ...data },
  } as const;
  const [id = ""] = await createNotifications(engine, [notification]);
  await decideNotifications(engine, { which: { notificationIds: [id] } });
  return id;
}

/** A notification of a person whose content the database itself can't make out. */
async function unreadable(userId: string): Promise<string> {
  const { campaignId } = await createCampaign(engine, {
    actor: { userId: "root", role: "admin" },
    draft: {
      audience: { userIds: [userId] },
      notification: { title: "News", body: "There is news." },
      variants: [],
      category: "system_alerts",
      critical: false,
      sendAt: null,
    },
  });
  await expandCampaign(engine, { campaignId });
  const { pool } = engine.database;
  const found = await pool.query<{ id: string }>("SELECT id FROM notifications WHERE campaign_id = $1", [
    campaignId,
  ]);
  const notificationIds = found.rows.map(({ id }) => id);
  await decideNotifications(engine, { which: { notificationIds } });
  await pool.query(`UPDATE campaigns SET variants = '{"not": "a list"}' WHERE id = $1`, [campaignId]);
  return notificationIds[0] ?? "";
}

const list = async (actor: { userId: string; role: string }) =>
  (await listNotifications(engine, { actor, page: 1, limit: 10 })).notifications;

const told = () =>
  batches.flatMap(({ signals }) => signals).flatMap(({ body }) => ("id" in body ? [body.id] : []));

describe("a notification that can't be put into words", () => {
  it("is listed without words, logged and counted, and costs the others of the page nothing", async () => {
    const actor = somebody();
    const first = await notify(actor.userId, { status: "shipped" });
    const bad = await unreadable(actor.userId);
    const last = await notify(actor.userId, { status: "confirmed" });
    const before = engine.faults.unrenderableNotifications;
    const page = await list(actor);
    expect(page.map(({ id }) => id)).toEqual([last, bad, first]);
    expect(page[1]).toMatchObject({
      title: "Notification",
      body: "",
      data: { type: "campaign", notificationId: bad },
    });
    expect(page[2]?.body).toBe("Your order is now: on its way");
    expect(logged).toMatchObject([{ notificationId: bad }]);
    expect(engine.faults.unrenderableNotifications).toBe(before + 1);
    expect((await list(actor)).map(({ id }) => id)).toEqual([last, bad, first]);
    expect(engine.faults.unrenderableNotifications).toBe(before + 2);
    expect(logged).toHaveLength(1);
  });

  it("in its person's language does not fail their page", async () => {
    const actor = somebody();
    const bad = await notify(actor.userId, { status: "shipped" });
    expect((await list(actor))[0]?.body).toBe("Your order is now: on its way");
    await changeNotificationSettings(engine, { actor, change: { locale: "xx" } });
    const before = engine.faults.unrenderableNotifications;
    expect(await list(actor)).toMatchObject([{ id: bad, title: "Notification", body: "" }]);
    expect(logged).toMatchObject([{ notificationId: bad, locale: "xx" }]);
    expect(engine.faults.unrenderableNotifications).toBe(before + 1);
  });

  it("is logged once, while it is remembered", () => {
    const faults = { unrenderableNotifications: 0, loggedUnrenderable: new Set<string>() };
    const note = (notificationId: string) =>
      noteUnrenderable({ log: engine.log, faults }, { err: "no words", notificationId }, "no words");
    for (let times = 0; times < 2; times++) for (let id = 0; id < 1_000; id++) note(`${id}`);
    expect(logged).toHaveLength(1_000);
    note("1000");
    note("1");
    expect(logged).toHaveLength(1_001);
    note("0");
    expect(logged).toHaveLength(1_002);
    expect(faults.unrenderableNotifications).toBe(2_003);
    expect(faults.loggedUnrenderable.size).toBe(1_000);
  });

  it("is not announced, and the others of the slice are", async () => {
    const [ann, ben] = [somebody(), somebody()];
    const good = await notify(ann.userId);
    const bad = await notify(ben.userId);
    const broken = await unreadable(ann.userId);
    const later = await notify(ann.userId);
    await changeNotificationSettings(engine, { actor: ben, change: { locale: "xx" } });
    batches.length = 0;
    await announceNotifications(engine, [bad, good, broken, later]);
    expect(told().sort()).toEqual([good, later].sort());
    expect(logged).toHaveLength(2);
    await changeNotificationSettings(engine, { actor: ben, change: { locale: "en" } });
    await announceNotifications(engine, [bad]);
    expect(told()).toContain(bad);
  });
});
