import { randomUUID } from "node:crypto";
import { LIMITS } from "@parley/contracts";
import { expandCampaign } from "@parley/engine";
import { createTestDatabase, type TestDatabase, testRedisUrl } from "@parley/testing";
import request from "supertest";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openTestApi, type TestApi } from "../testing/open-test-api.js";

const PATH = "/v1/notifications/batch";
const notification = { title: "News", body: "There is news." };

let database: TestDatabase;
let api: TestApi;

beforeAll(async () => {
  database = await createTestDatabase();
  const env = { REQUESTS_BURST: "10000", REQUESTS_PER_MINUTE: "100000" };
  api = await openTestApi({ databaseUrl: database.url, redisUrl: testRedisUrl(), env });
});

afterAll(async () => {
  await api.close();
  await database.drop();
});

const as = (role: string, userId = `the-${role}`) => {
  const token = api.bearer(userId, role);
  return {
    post: (path: string, body: object = {}) =>
      request(api.app).post(path).set("Authorization", token).send(body),
    get: (path: string) => request(api.app).get(path).set("Authorization", token),
  };
};

const send = (body: object, role = "admin") => as(role).post(PATH, { notification, ...body });

const sent = async (body: object, role = "admin"): Promise<string> => {
  const answer = await send(body, role);
  expect([answer.status, answer.body]).toEqual([202, { batch_id: expect.any(String) }]);
  return answer.body.batch_id;
};

const countBatches = async () => {
  const { rows } = await api.engine.database.pool.query("SELECT count(*) AS count FROM campaigns");
  return rows[0].count as number;
};

describe("a batch", () => {
  test("is sent, told about, paused, resumed and cancelled", async () => {
    const variants = [
      { name: "A", weight: 1, notification: {} },
      { name: "B", weight: 2.5, notification: { title: "Other" } },
    ];
    const user_ids = ["ana", "bo", "ana"];
    const id = await sent({ user_ids, variants });
    await expandCampaign(api.engine, { campaignId: id });
    const told = (await as("system").get(`${PATH}/${id}`).expect(200)).body;
    expect(told).toMatchObject({
      ...{
        batch_id: id,
        state: "running",
        category: "promotional",
        critical: false,
        created_by: "the-admin",
      },
      ...{ audience: { user_count: 2 }, notification, expanded: true },
      ...{
        total: 2,
        pending: 2,
        sent: 0,
        failed: 0,
        cancelled: 0,
        suppressed: {},
        delivered: 0,
        opened: 0,
        clicked: 0,
      },
    });
    expect(told.variants[1]).toEqual({
      name: "B",
      weight: 2.5,
      notification: { ...notification, title: "Other" },
    });
    expect(Object.keys(told.by_variant)).toEqual(["A", "B"]);
    expect(told.by_variant.A.total + told.by_variant.B.total).toBe(2);
    for (const [verb, state] of [
      ["pause", "paused"],
      ["resume", "running"],
      ["cancel", "cancelled"],
    ]) {
      const answer = await as("admin").post(`${PATH}/${id}/${verb}`).expect(200);
      expect(answer.body).toMatchObject({ batch_id: id, state });
    }
    expect((await as("admin").get(`${PATH}/${id}`)).body).toMatchObject({ pending: 0, cancelled: 2 });
    const late = await as("admin").post(`${PATH}/${id}/resume`);
    expect([late.status, late.body.code]).toEqual([409, "batch_over"]);
  });

  test("has rates by variant", async () => {
    const variants = ["A", "B", "C"].map((name) => ({ name, weight: 1, notification: {} }));
    const id = await sent({ user_ids: ["p1", "p2", "p3", "p4"], variants });
    await expandCampaign(api.engine, { campaignId: id });
    await api.engine.database.pool.query(
      `UPDATE notifications SET variant = CASE WHEN user_id = 'p4' THEN 'B' ELSE 'A' END,
        state = CASE WHEN user_id < 'p4' THEN 'sent'::notification_state ELSE 'failed' END,
        clicked_at = CASE WHEN user_id = 'p1' THEN now() END WHERE campaign_id = $1`,
      [id],
    );
    expect((await as("admin").get(`${PATH}/${id}`)).body.by_variant).toEqual({
      A: { total: 3, sent: 3, opened: 0, clicked: 1, delivery_rate: 1, click_rate: 0.3333 },
      B: { total: 1, sent: 0, opened: 0, clicked: 0, delivery_rate: 0, click_rate: null },
      C: { total: 0, sent: 0, opened: 0, clicked: 0, delivery_rate: null, click_rate: null },
    });
  });

  test.each<[string, object, object]>([
    ["roles", { user_roles: ["user", "robot"] }, { user_roles: ["user", "robot"] }],
    [
      "a segment",
      { segment: { locales: ["pt_BR"], active_since: "2025-01-01T00:00:00+01:00", has_subscription: false } },
      { segment: { locales: ["pt-br"], active_since: "2024-12-31T23:00:00.000Z", has_subscription: false } },
    ],
  ])("goes to %s", async (_title, body, audience) => {
    const id = await sent(body);
    expect((await as("admin").get(`${PATH}/${id}`)).body.audience).toEqual(audience);
  });

  test("waits for its time", async () => {
    const send_at = new Date(Date.now() + 3_600_000).toISOString();
    const id = await sent({ user_ids: ["ana"], send_at });
    expect((await as("admin").get(`${PATH}/${id}`)).body).toMatchObject({ state: "scheduled", send_at });
  });

  test("has its place in the list", async () => {
    const ids = [await sent({ user_ids: ["ana"] }), await sent({ user_ids: ["bo"] }, "system")];
    const first = (await as("admin").get(`${PATH}?limit=1`).expect(200)).body;
    expect(first).toMatchObject({ batches: [{ batch_id: ids[1] }], next_cursor: ids[1] });
    const next = (await as("admin").get(`${PATH}?limit=1&cursor=${first.next_cursor}`)).body;
    expect(next.batches).toMatchObject([{ batch_id: ids[0] }]);
  });
});

describe("a client id", () => {
  test("names one batch of one caller", async () => {
    const body = { user_ids: ["ana"], client_id: randomUUID() };
    const id = await sent(body);
    const before = await countBatches();
    expect(await sent(body)).toBe(id);
    const reused = await send({ ...body, notification: { ...notification, title: "Other" } });
    expect([reused.status, reused.body.code]).toEqual([422, "client_id_reused"]);
    expect(reused.body.detail).toContain("batch");
    expect(await countBatches()).toBe(before);
    expect(await sent(body, "system")).not.toBe(id);
  });
});

describe("who is neither operator nor the platform", () => {
  test.each(["user", "shopper", "operator", "Admin", "root"])(
    "(%s) gets nothing done and told",
    async (role) => {
      const id = await sent({ user_ids: ["ana"] });
      const before = await countBatches();
      const answers = [
        await send({ user_ids: ["ana"] }, role),
        await as(role).get(PATH),
        await as(role).get(`${PATH}/${id}`),
        await as(role).get(`${PATH}/${randomUUID()}`),
        ...(await Promise.all(
          ["pause", "resume", "cancel"].map((verb) => as(role).post(`${PATH}/${id}/${verb}`)),
        )),
      ];
      expect(answers.map(({ status, body }) => [status, body.code])).toEqual(
        answers.map(() => [403, "role_required"]),
      );
      expect(await countBatches()).toBe(before);
      expect((await as("admin").get(`${PATH}/${id}`)).body.state).toBe("running");
    },
  );

  test("is refused before a large body is read", async () => {
    const answer = await send({ user_ids: ["x".repeat(LIMITS.batchBodyBytes)] }, "user");
    expect([answer.status, answer.body.code]).toEqual([403, "role_required"]);
  });

  test("critical news are the platform's", async () => {
    const body = { user_ids: ["ana"], notification: { ...notification, critical: true } };
    const refused = await send(body);
    expect([refused.status, refused.body.code]).toEqual([403, "forbidden"]);
    const id = await sent(body, "system");
    expect((await as("admin").get(`${PATH}/${id}`)).body.critical).toBe(true);
  });
});

describe("an unknown batch", () => {
  test("is not found", async () => {
    const path = `${PATH}/${randomUUID()}`;
    const answers = [await as("admin").get(path)];
    for (const verb of ["pause", "resume", "cancel"]) answers.push(await as("admin").post(`${path}/${verb}`));
    expect(answers.map(({ status, body }) => [status, body.code])).toEqual(
      answers.map(() => [404, "batch_not_found"]),
    );
    expect((await as("admin").get(`${PATH}/nonsense`)).body).toMatchObject({ code: "invalid_input" });
  });
});

describe("a wrong request", () => {
  const to = { user_ids: ["ana"] };
  const variant = (name: string, more: object = {}) => ({ name, weight: 1, notification: {}, ...more });
  const withNotification = (more: object) => ({ ...to, notification: { ...notification, ...more } });

  test.each<[string, object, string[]]>([
    ["to nobody", {}, [""]],
    ["to two audiences", { ...to, user_roles: ["user"] }, [""]],
    ["to an empty list", { user_ids: [] }, ["user_ids"]],
    ["to a list with a wrong id", { user_ids: ["ana", "a\u0000", 5] }, ["user_ids.1", "user_ids.2"]],
    ["to an empty segment", { segment: {} }, ["segment"]],
    ["to a segment with a misspelt filter", { segment: { lokales: ["fr"] } }, ["segment"]],
    ["to a language that is none", { segment: { locales: ["%"] } }, ["segment.locales.0"]],
    ["since someday", { segment: { active_since: "someday" } }, ["segment.active_since"]],
    ["with a misspelt field", { ...to, send_att: "2030-01-01T00:00:00Z" }, [""]],
    ["without words", { ...to, notification: {} }, ["notification.title", "notification.body"]],
    ["with blank words", withNotification({ title: " \n" }), ["notification.title"]],
    ["with too long a title", withNotification({ title: "x".repeat(121) }), ["notification.title"]],
    ["with a script for an address", withNotification({ url: "javascript:x" }), ["notification.url"]],
    ["with somebody else's address", withNotification({ icon: "//evil.example/x" }), ["notification.icon"]],
    [
      "with four actions",
      withNotification({ actions: Array.from({ length: 4 }, () => ({ action: "a", title: "A" })) }),
      ["notification.actions"],
    ],
    ["in a category of chats", withNotification({ category: "chat_messages" }), ["notification.category"]],
    [
      "with more than fits into a push",
      withNotification({ data: { text: "x".repeat(3_000) } }),
      ["notification"],
    ],
    ["with one variant", { ...to, variants: [variant("A")] }, ["variants"]],
    ["with two variants of one name", { ...to, variants: [variant("A"), variant("A")] }, ["variants"]],
    [
      "with a weightless variant",
      { ...to, variants: [variant("A"), variant("B", { weight: 0 })] },
      ["variants.1.weight"],
    ],
    [
      "with a variant that is too long",
      {
        ...to,
        variants: [variant("A"), variant("B", { notification: { data: { text: "x".repeat(2_990) } } })],
      },
      ["variants.1.notification"],
    ],
    [
      "with a variant of another category",
      { ...to, variants: [variant("A"), variant("B", { notification: { category: "system_alerts" } })] },
      ["variants.1.notification"],
    ],
    ["in more than a year", { ...to, send_at: "2999-01-01T00:00:00Z" }, ["send_at"]],
  ])("%s is a 400 that names the field", async (_title, body, fields) => {
    const before = await countBatches();
    const answer = await send(body);
    expect(answer.body).toMatchObject({ status: 400, code: "invalid_input" });
    const named = answer.body.errors.map(({ path }: { path: string }) => path);
    expect([...new Set(named)]).toEqual(fields);
    expect(await countBatches()).toBe(before);
  });
});

describe("a large request", () => {
  const ids = (count: number, length: number) =>
    Array.from({ length: count }, (_, index) => `${index}`.padEnd(length, "社"));

  test("may name as many people as there may be, whatever their ids", async () => {
    const user_ids = ids(LIMITS.batchUserIds, LIMITS.idLength);
    expect(Buffer.byteLength(JSON.stringify({ user_ids }))).toBeGreaterThan(3_500_000);
    const id = await sent({ user_ids });
    expect((await as("admin").get(`${PATH}/${id}`)).body.audience).toEqual({
      user_count: LIMITS.batchUserIds,
    });
  });

  test("may not name one more, and is not looked through when it does", async () => {
    const answer = await send({ user_ids: ids(LIMITS.batchUserIds + 1, 8).map(() => "") });
    expect(answer.body.errors).toMatchObject([{ path: "user_ids" }]);
  });

  test("is not told each of ten thousand faults", async () => {
    const answer = await send({ user_ids: Array.from({ length: LIMITS.batchUserIds }, () => "") });
    expect([answer.status, answer.body.errors.length]).toEqual([400, 100]);
  });

  test("may be larger than others, to a limit; other calls may not", async () => {
    const body = { title: "x".repeat(LIMITS.batchBodyBytes) };
    const tooLarge = await send({ user_ids: ["ana"], notification: body });
    expect([tooLarge.status, tooLarge.body.code]).toEqual([413, "body_too_large"]);
    const large = { type: "direct", user_id: "x".repeat(LIMITS.bodyBytes) };
    const elsewhere = await as("admin").post("/v1/chat", large);
    expect([elsewhere.status, elsewhere.body.code]).toEqual([413, "body_too_large"]);
  });
});
