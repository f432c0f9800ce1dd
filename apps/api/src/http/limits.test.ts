import { randomUUID } from "node:crypto";
import { createTestDatabase, type TestDatabase, testRedisUrl } from "@parley/testing";
import request, { type Response } from "supertest";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openTestApi, type TestApi } from "../testing/open-test-api.js";

let database: TestDatabase;
/** Two nodes of one cluster. */
let one: TestApi;
let other: TestApi;

beforeAll(async () => {
  database = await createTestDatabase();
  // An allowance of one a minute does not come back while a test runs, however slowly it runs.
  const env = {
    MESSAGES_PER_MINUTE: "1",
    MESSAGES_BURST: "3",
    REQUESTS_PER_MINUTE: "1",
    REQUESTS_BURST: "6",
  };
  const options = { databaseUrl: database.url, redisUrl: testRedisUrl(), env };
  one = await openTestApi(options);
  other = await openTestApi(options);
});

afterAll(async () => {
  await one.close();
  await other.close();
  await database.drop();
});

test("messages are counted over the whole cluster, and the refusal says when to come again", async () => {
  const { user, chat } = await openChat();
  const answers: Response[] = [];
  for (const api of [one, other, one, other]) answers.push(await send(api, { user, chat }));
  expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 429]);
  expect(answers.map((answer) => answer.get("RateLimit-Remaining"))).toEqual(["2", "1", "0", "0"]);
  const [first, , , last] = answers;
  expect(first?.get("RateLimit-Limit")).toBe("1");
  expect(first?.get("RateLimit-Reset")).toBe("60");
  expect(last?.body).toMatchObject({ code: "rate_limited", status: 429, retryable: true });
  expect(last?.body.retry_after_ms).toBeGreaterThan(0);
  expect(last?.body.retry_after_ms).toBeLessThanOrEqual(60_000);
  expect(Number(last?.get("Retry-After"))).toBe(Math.ceil(last?.body.retry_after_ms / 1_000));
  expect(await other.metricsText()).toMatch(/parley_http_rate_limited_total\{kind="message",[^}]*\} 1/);
});

test("a retry of a stored message is answered with it, whatever the rate", async () => {
  const { user, chat } = await openChat();
  const original = await send(one, { user, chat }, { content: "x", client_id: "first" });
  await send(one, { user, chat });
  await send(one, { user, chat });
  const retry = await send(other, { user, chat }, { content: "x", client_id: "first" });
  expect([retry.status, retry.body.id]).toEqual([201, original.body.id]);
  const reused = await send(other, { user, chat }, { content: "y", client_id: "first" });
  expect([reused.status, reused.body.code]).toEqual([422, "client_id_reused"]);
});

test("a wrong message costs nothing of the messages' allowance", async () => {
  const { user, chat } = await openChat();
  for (let count = 0; count < 2; count++) await send(one, { user, chat }, { content: "" });
  expect((await send(one, { user, chat })).get("RateLimit-Remaining")).toBe("2");
});

test("requests are counted by user, not by address", async () => {
  const [busy, calm] = [`busy-${randomUUID()}`, `calm-${randomUUID()}`];
  const statuses: number[] = [];
  for (let count = 0; count < 7; count++) statuses.push((await list(one, busy)).status);
  expect(statuses).toEqual([200, 200, 200, 200, 200, 200, 429]);
  expect((await list(one, calm)).get("RateLimit-Remaining")).toBe("5");
});

test("a role that is refused is counted too", async () => {
  const nosy = `nosy-${randomUUID()}`;
  const stats = () => request(one.app).get("/v1/chat/admin/stats").set("Authorization", one.bearer(nosy));
  for (let count = 0; count < 6; count++) await stats().expect(403);
  await stats().expect(429);
});

test("the platform itself is not limited", async () => {
  const { user, chat } = await openChat();
  for (let count = 0; count < 8; count++) {
    const answer = await send(one, { user: `${user}-platform`, role: "system", chat });
    expect([answer.status, answer.get("RateLimit-Limit")]).toEqual([201, undefined]);
  }
});

test("strangers are counted by address, IPv6 by its network; a claimed address is believed from proxies only", async () => {
  const network = `2001:db8:${randomHex()}:${randomHex()}`;
  const knock = (from: string, api = one) =>
    request(api.app).get("/v1/sync").set("X-Forwarded-For", from).set("Authorization", "Bearer bad");
  for (let count = 0; count < 6; count++) await knock(`${network}::${count + 1}`).expect(401);
  const refused = await knock(`${network}::99`).expect(429);
  expect(Number(refused.get("Retry-After"))).toBe(Math.ceil(refused.body.retry_after_ms / 1_000));
  await knock(`2001:db8:${randomHex()}:${randomHex()}::1`).expect(401);
  // The proxy appends what it saw; what a client wrote before that counts for nothing.
  await knock(`198.51.100.1, ${network}::100`).expect(429);
  await request(one.app).get("/nowhere").set("X-Forwarded-For", `${network}::5`).expect(429);
  await request(one.app).get("/healthz").set("X-Forwarded-For", `${network}::5`).expect(200);
});

async function openChat() {
  const user = `user-${randomUUID()}`;
  const body = { type: "direct", user_id: `friend-${user}` };
  const opened = await request(one.app).post("/v1/chat").set("Authorization", one.bearer(user)).send(body);
  return { user, chat: opened.body.id as string };
}

function send(
  api: TestApi,
  who: { user: string; role?: string; chat: string },
  body: object = { content: "x" },
) {
  const call = request(api.app).post(`/v1/chat/${who.chat}/messages`);
  return call.set("Authorization", api.bearer(who.user, who.role)).send(body);
}

function list(api: TestApi, user: string) {
  return request(api.app).get("/v1/chat/my-chats").set("Authorization", api.bearer(user));
}

function randomHex(): string {
  return Math.floor(Math.random() * 65_535).toString(16);
}
