import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { text } from "node:stream/consumers";
import { createTestDatabase, type TestDatabase, testRedisUrl } from "@parley/testing";
import request from "supertest";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openTestApi, type TestApi } from "../testing/open-test-api.js";
import { hardenServer } from "./harden-server.js";
import { allowLongBody } from "./long-bodies.js";

const APP = "https://app.example.com";
const EVIL = "https://evil.example.net";

let database: TestDatabase;
let development: TestApi;
let production: TestApi;
let closed: TestApi;

beforeAll(async () => {
  database = await createTestDatabase();
  const options = { databaseUrl: database.url, redisUrl: testRedisUrl() };
  development = await openTestApi({ ...options, env: { NODE_ENV: "development" } });
  production = await openTestApi({ ...options, env: { NODE_ENV: "production", ALLOWED_ORIGINS: APP } });
  closed = await openTestApi({ ...options, env: { NODE_ENV: "production", DOCS: "false" } });
});

afterAll(async () => {
  for (const api of [development, production, closed]) await api.close();
  await database.drop();
});

describe("web pages", () => {
  const ask = (api: TestApi, origin: string, path = "/v1/chat") =>
    request(api.app).options(path).set({
      Origin: origin,
      "Access-Control-Request-Method": "POST",
      "Access-Control-Request-Headers": "authorization",
    });

  test("of a listed origin may call, and read the limits' headers", async () => {
    const preflight = await ask(production, APP).expect(204);
    expect(preflight.get("Access-Control-Allow-Origin")).toBe(APP);
    expect(preflight.get("Access-Control-Allow-Headers")).toMatch(/authorization/i);
    expect(preflight.get("Vary")).toMatch(/Origin/);
    const answer = await request(production.app).get("/v1/sync").set("Origin", APP);
    expect(answer.get("Access-Control-Allow-Origin")).toBe(APP);
    expect(answer.get("Access-Control-Allow-Credentials")).toBeUndefined();
    for (const header of [
      "RateLimit-Limit",
      "RateLimit-Remaining",
      "RateLimit-Reset",
      "Retry-After",
      "X-Request-Id",
    ]) {
      expect(answer.get("Access-Control-Expose-Headers")).toContain(header);
    }
  });

  test.each([EVIL, `${APP}.evil.net`, "null", "http://app.example.com"])("of %s may not", async (origin) => {
    for (const api of [production, closed]) {
      const preflight = await ask(api, origin);
      expect([preflight.status, preflight.body.code]).toEqual([403, "origin_not_allowed"]);
      const answer = await request(api.app).get("/v1/sync").set("Origin", origin);
      for (const one of [preflight, answer]) expect(one.get("Access-Control-Allow-Origin")).toBeUndefined();
    }
  });

  test("of every origin may while developing", async () => {
    expect((await ask(development, EVIL)).get("Access-Control-Allow-Origin")).toBe(EVIL);
  });

  test("may call the other contracts by the same rule", async () => {
    const answersOf = async (api: TestApi, origin: string) => [
      await ask(api, origin, "/api/chats"),
      await request(api.app)
        .get("/api/chats")
        .set({ Origin: origin, Authorization: api.bearer("7") }),
    ];
    const cases: Array<[TestApi, string, [number, number], boolean]> = [
      [development, EVIL, [204, 200], true],
      [production, APP, [204, 200], true],
      [production, EVIL, [403, 200], false],
      [closed, APP, [403, 200], false],
    ];
    for (const [api, origin, statuses, isAllowed] of cases) {
      const answers = await answersOf(api, origin);
      expect(answers.map(({ status }) => status)).toEqual(statuses);
      for (const answer of answers) {
        expect(answer.get("Access-Control-Allow-Origin")).toBe(isAllowed ? origin : undefined);
      }
    }
  });
});

describe("headers", () => {
  test("keep browsers from doing harm", async () => {
    const { headers } = await request(production.app).get("/v1/sync");
    expect(headers["content-security-policy"]).toBe(
      "default-src 'none';base-uri 'none';frame-ancestors 'none'",
    );
    expect(headers["x-content-type-options"]).toBe("nosniff");
    expect(headers["x-frame-options"]).toBe("DENY");
    expect(headers["referrer-policy"]).toBe("no-referrer");
    expect(headers["cache-control"]).toBe("no-store");
    expect(headers).not.toHaveProperty("x-powered-by");
    expect(headers).not.toHaveProperty("etag");
  });

  test("demand https in production only", async () => {
    const ofProduction = await request(production.app).get("/healthz");
    expect(ofProduction.get("Strict-Transport-Security")).toMatch(/^max-age=\d+/);
    const ofDevelopment = await request(development.app).get("/healthz");
    expect(ofDevelopment.get("Strict-Transport-Security")).toBeUndefined();
  });

  test.each([
    ["request-1234", true],
    ["short", false],
    ["x".repeat(65), false],
    ["with space 12", false],
    ["{jndi:ldap}xx", false],
  ])("name the request (%s given, kept: %s)", async (given, kept) => {
    const answer = await request(production.app).get("/nowhere").set("X-Request-Id", given);
    expect(answer.get("X-Request-Id")).toMatch(kept ? /^request-1234$/ : /^[0-9a-f-]{36}$/);
    expect(answer.body.request_id).toBe(answer.get("X-Request-Id"));
  });
});

describe("a node about itself", () => {
  test("is alive, is ready, and has numbers", async () => {
    await request(production.app).get("/healthz").expect(200, { live: true });
    const ready = await request(production.app).get("/readyz").expect(200);
    expect(ready.body).toEqual({
      ready: true,
      draining: false,
      dependencies: { postgres: { ok: true, required: true } },
    });
    const metrics = await request(production.app).get("/metrics").expect(200);
    expect(metrics.get("Content-Type")).toMatch(/^text\/plain/);
  });

  test("counts requests by pattern and failures by code, and never by what clients write", async () => {
    await request(development.app).get(`/v1/chat/${randomUUID()}`).expect(401);
    await request(development.app).get(`/secret-path/${randomUUID()}`).expect(404);
    await request(development.app).post("/healthz").expect(404);
    const text = await development.metricsText();
    expect(text).toMatch(/duration_seconds_count\{[^}]*route="\/v1\/chat\/\{id\}",status_class="4xx"/);
    expect(text).toMatch(/parley_http_errors_total\{code="token_missing",[^}]*\} \d/);
    expect(text).toMatch(/route="unknown"/);
    expect(text).not.toContain("secret-path");
  });

  test("serves its reference unless it is told not to", async () => {
    const page = await request(production.app).get("/docs").expect(200);
    expect(page.get("Content-Security-Policy")).toContain("script-src 'self'");
    await request(closed.app).get("/docs").expect(404);
  });
});

test("the log says who asked for what kind of thing, and none of what they said", async () => {
  const user = `user-${randomUUID()}`;
  const token = production.bearer(user);
  const chat = await request(production.app)
    .post("/v1/chat")
    .set("Authorization", token)
    .send({ type: "direct", user_id: `friend-${user}` });
  const secret = `secret-${randomUUID()}`;
  const sent = await request(production.app)
    .post(`/v1/chat/${chat.body.id}/messages?token=${secret}&q=${secret}`)
    .set({ Authorization: token, Cookie: `session=${secret}`, "User-Agent": secret })
    .send({ content: secret, metadata: { secret } });
  const wrong = `{"content":"${secret}`;
  await request(production.app)
    .post(`/v1/chat/${secret}/messages`)
    .set({ Authorization: token, "Content-Type": "application/json" })
    .send(wrong);
  const line = production.logLines.find(({ request_id }) => request_id === sent.get("X-Request-Id"));
  expect(line).toMatchObject({
    level: "info",
    msg: "request",
    method: "POST",
    route: "/v1/chat/{id}/messages",
    status: 201,
    user_id: user,
    duration_ms: expect.any(Number),
  });
  const log = JSON.stringify(production.logLines);
  expect(log).not.toContain(secret);
  expect(log).not.toContain(token.slice("Bearer ".length));
});

test("what nobody expected is logged with the request's name, and told as internal without detail", async () => {
  const broken = await openTestApi({ databaseUrl: database.url, redisUrl: testRedisUrl() });
  const bug = new Error("the password is swordfish");
  Object.defineProperty(broken.engine.database, "prisma", {
    get: () => {
      throw bug;
    },
  });
  const answer = await request(broken.app).get("/v1/sync").set("Authorization", broken.bearer("u1"));
  expect([answer.status, answer.body.code]).toEqual([500, "internal"]);
  expect(JSON.stringify(answer.body)).not.toContain("swordfish");
  const line = broken.logLines.find(({ level }) => level === "error");
  expect(line).toMatchObject({ request_id: answer.body.request_id, err: { message: bug.message } });
  await broken.close().catch(() => undefined);
});

test("a database that is away is a 503 that says when to come again", async () => {
  const url = new URL(database.url);
  url.port = "1";
  const away = await openTestApi({ databaseUrl: url.href, redisUrl: testRedisUrl() });
  const answer = await request(away.app).get("/v1/sync").set("Authorization", away.bearer("u1"));
  expect([answer.status, answer.body.code, answer.body.retryable]).toEqual([
    503,
    "database_unavailable",
    true,
  ]);
  expect((await request(away.app).get("/readyz").expect(503)).body.ready).toBe(false);
  await away.close();
});

test("a body that does not end is cut off, but for uploads, which watch over themselves", async () => {
  const server = createServer((request) => {
    if (request.url === "/long") allowLongBody(request);
    request.resume();
  });
  hardenServer(server, { bodyMs: 50 });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const begin = (path: string) => {
    const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
    socket.write(`POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf`);
    return socket;
  };
  const long = begin("/long");
  await once(server, "request");
  let heard = "";
  long.on("data", (bytes: Buffer) => {
    heard += bytes;
  });
  for (let count = 0; count < 2; count++) expect(await text(begin("/short"))).toMatch(/^HTTP\/1\.1 408 /);
  expect([heard, long.readyState]).toEqual(["", "open"]);
  long.destroy();
  server.closeAllConnections();
  server.close();
});

test("slow senders are cut off", () => {
  const server = createServer();
  hardenServer(server);
  expect(server.headersTimeout).toBeLessThanOrEqual(15_000);
  expect(server.keepAliveTimeout).toBeGreaterThan(60_000);
});
