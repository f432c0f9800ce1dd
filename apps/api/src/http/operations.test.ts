import { randomBytes } from "node:crypto";
import { KNOWN_ROLES, type Operation, type OperationId, REST_CATALOGUE } from "@parley/contracts";
import { createChat, sendMessage } from "@parley/engine";
import { connectRedis, openWorker, ReportBoard, whenReady } from "@parley/platform";
import { createTestDatabase, type TestDatabase, testRedisUrl, until } from "@parley/testing";
import request from "supertest";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openTestApi, type TestApi } from "../testing/open-test-api.js";

const OPERATIONS = (Object.entries(REST_CATALOGUE) as [OperationId, Operation][]).filter(
  ([, { tag }]) => tag === "Operations",
);

let database: TestDatabase;
let api: TestApi;
const prefix = `test-${randomBytes(6).toString("hex")}`;

beforeAll(async () => {
  database = await createTestDatabase();
  const env = { REQUESTS_BURST: "10000", REQUESTS_PER_MINUTE: "100000", REDIS_PREFIX: prefix };
  api = await openTestApi({ databaseUrl: database.url, redisUrl: testRedisUrl(), env });
});

afterAll(async () => {
  await api.close();
  await database.drop();
});

const call = (method: Operation["method"], path: string, { role = "admin", body = {} } = {}) => {
  const asked = request(api.app)
    [method](path)
    .set("Authorization", api.bearer(`the-${role}`, role));
  return method === "get" ? asked : asked.send(body);
};
const get = (path: string) => call("get", path);

/** With something in each place of the path. */
const filled = (path: string) =>
  path
    .replace("{name}", "jobs")
    .replace("{chat_id}", "00000000-0000-7000-8000-000000000000")
    .replace(/\{\w+\}/, "somebody");

describe("every call of operators", () => {
  test("is in the table", () => {
    expect(OPERATIONS.map(([id]) => id).toSorted()).toEqual(
      [
        ...[
          "listNodes",
          "drainNode",
          "rates",
          "listAlerts",
          "listQueues",
          "pauseQueue",
          "resumeQueue",
          "retryFailedJobs",
        ],
        ...["pushOverview", "findChats", "inspectChat", "findUsers", "inspectUser", "muteUser", "engagement"],
      ].toSorted(),
    );
  });

  test.each(OPERATIONS)("%s is refused to every other role", async (_id, { method, path }) => {
    const others = [...KNOWN_ROLES.filter((role) => role !== "admin"), "Admin", "administrator"];
    for (const role of others) {
      const answer = await call(method, filled(path), { role, body: { until: null, reason: "x" } });
      expect([role, answer.status, answer.body.code]).toEqual([role, 403, "role_required"]);
    }
    const stranger = await request(api.app)[method](filled(path));
    expect(stranger.status).toBe(401);
  });

  test.each(OPERATIONS)("%s answers an operator of an empty cluster", async (id, operation) => {
    const { method, path, status, result } = operation;
    const answer = await call(method, filled(path), { body: { until: null, reason: "x" } });
    const unknown = {
      drainNode: "node_not_found",
      inspectChat: "chat_not_found",
      inspectUser: "user_not_found",
    };
    if (id in unknown) expect(answer.body.code).toBe(unknown[id as keyof typeof unknown]);
    else {
      expect([answer.status, answer.body]).toEqual([status, expect.anything()]);
      expect(result !== "file" && result?.safeParse(answer.body)).toMatchObject({ success: true });
    }
  });
});

describe("chats and people", () => {
  test("are found, shown and muted; a mute holds on this contract at once when the node has heard of it", async () => {
    const { engine } = api;
    const actor = { userId: "ana", role: "user" };
    const chat = await createChat(engine, { actor, request: { type: "direct", userId: "sam" } });
    await sendMessage(engine, { actor, chatId: chat.id, draft: { content: "my secret", type: "text" } });
    const listed = await get("/v1/admin/chats?limit=1");
    expect(listed.body).toMatchObject({
      chats: [{ id: chat.id, messages: 1, held: false }],
      next_cursor: null,
    });
    const shown = await get(`/v1/admin/chats/${chat.id}`);
    expect(shown.body.member_list).toHaveLength(2);
    expect(JSON.stringify([listed.body, shown.body])).not.toContain("secret");
    // Asking for something makes somebody known.
    await request(api.app).get("/v1/chat/my-chats").set("Authorization", api.bearer("ana"));
    const until = new Date(Date.now() + 3_600_000).toISOString();
    const muted = await call("put", "/v1/admin/users/ana/mute", { body: { until, reason: "spam" } });
    expect([muted.status, muted.body]).toEqual([200, { user_id: "ana", muted_until: until }]);
    await api.refreshAccess();
    const send = () =>
      request(api.app)
        .post(`/v1/chat/${chat.id}/messages`)
        .set("Authorization", api.bearer("ana"))
        .send({ content: "more", type: "text" });
    const refused = await send();
    expect([refused.status, refused.body.code]).toEqual([403, "user_muted"]);
    expect(refused.body.detail).toContain(until);
    const found = await get("/v1/admin/users?q=an");
    expect(found.body.users).toMatchObject([
      { id: "ana", muted_until: until, muted_reason: "spam", online: false },
    ]);
    await call("put", "/v1/admin/users/ana/mute", { body: { until: null, reason: "sorry" } });
    await api.refreshAccess();
    expect((await send()).status).toBe(201);
  });

  test.each(["limit=0", "cursor=x", "status=open", "q=%20"])("refuses %s", async (query) => {
    const answer = await get(`/v1/admin/chats?${query}`);
    expect([answer.status, answer.body.code]).toEqual([400, "invalid_input"]);
  });

  test.each([
    {},
    { until: "tomorrow", reason: "x" },
    { until: null },
    { until: null, reason: "x", forever: true },
  ])("is not muted by %j", async (body) => {
    const answer = await call("put", "/v1/admin/users/ana/mute", { body });
    expect([answer.status, answer.body.code]).toEqual([400, "invalid_input"]);
  });
});

describe("queues", () => {
  const queue = async (name: string) => {
    const { body } = await get("/v1/admin/queues");
    return body.queues.find((one: { name: string }) => one.name === name);
  };
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const connection = { redisUrl: testRedisUrl(), prefix, log };

  test("are paused and resumed, and say in words why they stand still", async () => {
    await until(async () => (await get("/v1/admin/queues")).body.incomplete === null, "Redis can be asked");
    await call("post", "/v1/admin/queues/jobs/pause");
    expect(await queue("jobs")).toMatchObject({ paused: true, trouble: expect.stringContaining("paused") });
    const resumed = await call("post", "/v1/admin/queues/jobs/resume");
    expect(resumed.body).toEqual({ name: "jobs", paused: false });
    expect(await queue("jobs")).toMatchObject({ paused: false, trouble: null });
    expect((await call("post", "/v1/admin/queues/nothing/pause")).body.code).toBe("invalid_input");
  });

  test("say that nobody serves them, and what their jobs failed with; failed jobs run again", async () => {
    const { openJobDesk } = await import("@parley/platform");
    const desk = openJobDesk({ names: ["campaigns"], ...connection });
    let broken = true;
    const run = async () => {
      if (broken) throw new Error("the table is gone");
    };
    try {
      const schedule = () =>
        desk.queues.campaigns.schedule("often", { everyMs: 50, job: "campaigns.expand", data: {} });
      await until(
        () =>
          schedule().then(
            () => true,
            () => false,
          ),
        "the queue can be asked",
      );
      expect((await queue("campaigns")).trouble).toContain("No live worker takes its jobs");
      const worker = openWorker({ name: "campaigns", ...connection, run });
      await until(async () => (await queue("campaigns")).failed >= 3, "three have failed");
      const stuck = await queue("campaigns");
      expect(stuck.trouble).toContain('with "the table is gone"');
      expect(stuck.recent_failures[0]).toMatchObject({
        name: "campaigns.expand",
        reason: "the table is gone",
      });
      broken = false;
      const retry = () => call("post", "/v1/admin/queues/campaigns/retry-failed");
      expect((await retry()).body.retried).toBeGreaterThan(0);
      await until(async () => {
        const { failed } = await queue("campaigns");
        // One that had thrown and was not kept as failed yet when all were told to run again.
        if (failed > 0) await retry();
        return failed === 0;
      }, "none is left");
      await worker.close();
    } finally {
      await desk.close();
    }
  });
});

describe("nodes", () => {
  test("of another version are shown as far as they are understood, and asked to drain", async () => {
    const redis = connectRedis({
      url: testRedisUrl(),
      role: "cache",
      log: { info() {}, warn() {}, error() {} },
    });
    await whenReady(redis, 60_000);
    const board = new ReportBoard({ redis, prefix: `${prefix}:{nodes}` });
    const report = {
      kind: "api",
      version: "9.0.0",
      instance: "run-1",
      startedAt: "2026-01-01T00:00:00.000Z",
      draining: false,
      connections: 3,
      users: 2,
      loopLagP99Ms: 900,
      memoryBytes: 1,
      cpuPercent: 4,
      dependencies: {
        postgres: { ok: false, latencyMs: null, reason: "ECONNREFUSED" },
        moon: { ok: true, latencyMs: 1, reason: null },
      },
      troubles: [
        { code: "postgres", since: new Date(Date.now() - 12_000).toISOString(), detail: "ECONNREFUSED" },
        { code: "moonquake", since: new Date(Date.now() - 12_000).toISOString(), detail: null },
      ],
      slots: {},
      mood: "new",
    };
    await board.write({ node: "new", instance: "run-1", report: JSON.stringify(report) });
    await board.write({ node: "odd", instance: "run-1", report: '{"kind":"toaster"}' });
    const { body } = await get("/v1/admin/nodes");
    expect(body).toMatchObject({
      nodes: [{ id: "new", state: "degraded", connections: 3, drain_asked: false }],
      incomplete: null,
    });
    expect(body.nodes[0].trouble).toMatch(
      /^no Postgres for (1[2-9]|[2-9]\d) s: ECONNREFUSED; moonquake for (1[2-9]|[2-9]\d) s$/,
    );
    const alerts = await get("/v1/admin/alerts");
    expect(alerts.body.alerts).toContainEqual(
      expect.objectContaining({
        code: "ParleyDatabaseUnavailable",
        subject: "new",
        runbook: "docs/runbooks.md#parleydatabaseunavailable",
      }),
    );
    const asked = await call("post", "/v1/admin/nodes/new/drain", { body: { reason: "kernel" } });
    expect([asked.status, asked.body]).toEqual([202, { node_id: "new", drain_asked: true }]);
    expect(
      await board.write({ node: "new", instance: "run-1", report: JSON.stringify(report) }),
    ).toMatchObject({ drain: true });
    expect((await get("/v1/admin/nodes")).body.nodes[0].drain_asked).toBe(true);
    redis.disconnect();
  });
});
