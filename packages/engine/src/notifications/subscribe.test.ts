import { randomBytes, randomUUID } from "node:crypto";
import { LIMITS } from "@parley/contracts";
import {
  addTestDevice,
  createTestDatabase,
  createTestDevice,
  openTestEngine,
  type TestDatabase,
} from "@parley/testing";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import type { Engine } from "../engine.js";
import { closeEngine } from "../open-engine.js";
import { subscribe, unsubscribe } from "./subscribe.js";

let database: TestDatabase;
let engine: Engine;

beforeAll(async () => {
  database = await createTestDatabase();
  ({ engine } = openTestEngine(database.url));
});

afterAll(async () => {
  await closeEngine(engine);
  await database.drop();
});

const somebody = () => ({ userId: `user-${randomUUID()}`, role: "user" });
const stored = (userId: string) => engine.database.prisma.pushSubscription.findMany({ where: { userId } });

describe("a browser", () => {
  it("is subscribed once, however often it says so, and with its newest keys", async () => {
    const actor = somebody();
    const device = createTestDevice();
    expect(await subscribe(engine, { actor, ...device, locale: "ja" })).toBe("created");
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => subscribe(engine, { actor, ...device })),
    );
    expect(new Set(answers)).toEqual(new Set(["refreshed"]));
    const { keys } = createTestDevice();
    await subscribe(engine, { actor, endpoint: device.endpoint, keys });
    expect(await stored(actor.userId)).toMatchObject([
      { ...keys, endpoint: device.endpoint, origin: "https://fcm.googleapis.com", locale: "ja" },
    ]);
  });

  it("that several people claim at once is one person's", async () => {
    const device = createTestDevice();
    const people = Array.from({ length: 6 }, somebody);
    const answers = await Promise.allSettled(
      people.map((actor) =>
        subscribe(engine, { actor, endpoint: device.endpoint, keys: createTestDevice().keys }),
      ),
    );
    const codes = answers.map((one) => (one.status === "fulfilled" ? one.value : one.reason.code));
    expect(codes.toSorted()).toEqual(["created", ...Array(5).fill("endpoint_taken")]);
  });

  it("changes hands only with its very keys", async () => {
    const [first, second] = [somebody(), somebody()];
    const device = await addTestDevice(engine, first.userId);
    const [before] = await stored(first.userId);
    const { keys } = createTestDevice();
    for (const guess of [
      keys,
      { ...device.keys, auth: keys.auth },
      { ...device.keys, p256dh: keys.p256dh },
    ]) {
      const theft = subscribe(engine, { actor: second, endpoint: device.endpoint, keys: guess });
      await expect(theft).rejects.toMatchObject({ code: "endpoint_taken", status: 409 });
    }
    expect(await stored(first.userId)).toHaveLength(1);
    expect(await subscribe(engine, { actor: second, ...device })).toBe("moved");
    expect(await stored(first.userId)).toEqual([]);
    const [after] = await stored(second.userId);
    // Another id, so that nothing on its way to the first person is taken for the second one's.
    expect(after?.id).not.toBe(before?.id);
    expect(after?.endpoint).toBe(device.endpoint);
  });

  it("is taken off by its person and nobody else, and twice is fine", async () => {
    const actor = somebody();
    const { endpoint } = await addTestDevice(engine, actor.userId);
    await unsubscribe(engine, { actor: somebody(), endpoint });
    await unsubscribe(engine, { actor: { ...somebody(), role: "admin" }, endpoint });
    expect(await stored(actor.userId)).toHaveLength(1);
    await unsubscribe(engine, { actor, endpoint });
    await unsubscribe(engine, { actor, endpoint });
    expect(await stored(actor.userId)).toEqual([]);
  });
});

describe("a person", () => {
  it("has so many devices at most, however many come at once for the last place", async () => {
    const most = LIMITS.subscriptionsPerUser;
    for (let round = 0; round < 8; round++) {
      const { userId } = somebody();
      await engine.database.pool.query(
        `INSERT INTO push_subscriptions (id, user_id, endpoint, p256dh, auth, origin)
         SELECT gen_random_uuid(), $1::text, 'https://push.test/' || $1 || n, 'p', 'a', 'https://push.test' FROM generate_series(2, $2::int) n`,
        [userId, most],
      );
      const answers = await Promise.allSettled(
        Array.from({ length: 5 }, () => addTestDevice(engine, userId)),
      );
      const refused = answers.filter((one) => one.status === "rejected");
      expect(refused.map(({ reason }) => reason.code)).toEqual(Array(4).fill("too_many_subscriptions"));
      expect(await stored(userId)).toHaveLength(most);
    }
  });

  it("who has as many as they can have gets no further one from somebody else, but may refresh their own", async () => {
    const actor = somebody();
    for (let count = 0; count < LIMITS.subscriptionsPerUser; count++)
      await addTestDevice(engine, actor.userId);
    const other = await addTestDevice(engine, somebody().userId);
    await expect(subscribe(engine, { actor, ...other })).rejects.toMatchObject({
      code: "too_many_subscriptions",
    });
    const [own] = await stored(actor.userId);
    const { endpoint = "", p256dh = "", auth = "" } = own ?? {};
    expect(await subscribe(engine, { actor, endpoint, keys: { p256dh, auth } })).toBe("refreshed");
  });
});

describe("what can't be pushed to is refused", () => {
  const good = createTestDevice();
  const point = Buffer.from(good.keys.p256dh, "base64url");
  const text = (bytes: Buffer) => bytes.toString("base64url");

  test.each<[string, string, string]>([
    [
      "a point beside the curve",
      "p256dh",
      text(Buffer.concat([point.subarray(0, 64), Buffer.from([point[64] ?? 0 ^ 1])]).fill(1, 40, 60)),
    ],
    ["a compressed point", "p256dh", text(Buffer.concat([Buffer.from([2]), point.subarray(1, 33)]))],
    ["a point that says to be hybrid", "p256dh", text(Buffer.concat([Buffer.from([6]), point.subarray(1)]))],
    ["a short point", "p256dh", text(point.subarray(0, 64))],
    ["a long point", "p256dh", text(Buffer.concat([point, Buffer.from([0])]))],
    ["zeros", "p256dh", text(Buffer.alloc(65))],
    ["no base64", "p256dh", `${good.keys.p256dh.slice(0, -1)}!`],
    ["a short secret", "auth", text(randomBytes(15))],
    ["a long secret", "auth", text(randomBytes(17))],
    ["an empty secret", "auth", ""],
  ])("%s", async (...[, field, value]) => {
    const keys = { ...good.keys, [field]: value };
    const refused = subscribe(engine, { actor: somebody(), endpoint: good.endpoint, keys });
    await expect(refused).rejects.toMatchObject({
      code: "invalid_input",
      errors: [{ path: `keys.${field}` }],
    });
  });

  test.each([
    "http://fcm.googleapis.com/fcm/send/x",
    "https://169.254.169.254/latest/meta-data",
    "https://localhost/x",
    "https://push.example.net/x",
    "https://user@fcm.googleapis.com/x",
    "javascript:alert(1)",
  ])("the endpoint %s", async (endpoint) => {
    const refused = subscribe(engine, { actor: somebody(), endpoint, keys: good.keys });
    await expect(refused).rejects.toMatchObject({ code: "invalid_input", errors: [{ path: "endpoint" }] });
  });

  it("but keys in plain base64 are taken, and kept in one spelling", async () => {
    const actor = somebody();
    const { endpoint, keys } = createTestDevice();
    const plain = (key: string) => Buffer.from(key, "base64url").toString("base64");
    await subscribe(engine, {
      actor,
      endpoint,
      keys: { p256dh: plain(keys.p256dh), auth: plain(keys.auth) },
    });
    expect(await stored(actor.userId)).toMatchObject([keys]);
  });
});
