import { randomUUID } from "node:crypto";
import { createTestDatabase, type TestDatabase, testRedisUrl } from "@parley/testing";
import request from "supertest";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openTestApi, type TestApi } from "../testing/open-test-api.js";

let database: TestDatabase;
let api: TestApi;
let user: string;
let chat: string;

beforeAll(async () => {
  database = await createTestDatabase();
  const env = { MESSAGES_BURST: "1000", REQUESTS_BURST: "10000", REQUESTS_PER_MINUTE: "100000" };
  api = await openTestApi({ databaseUrl: database.url, redisUrl: testRedisUrl(), env });
  user = `user-${randomUUID()}`;
  chat = (
    await as(user)
      .post("/v1/chat")
      .send({ type: "direct", user_id: `friend-${user}` })
  ).body.id;
});

afterAll(async () => {
  await api.close();
  await database.drop();
});

describe("a text", () => {
  test.each([
    ["Japanese", "こんにちは、世界。𠮷野家"],
    ["Arabic", "مرحبًا بالعالم\u200f 123"],
    ["a family", "👨‍👩‍👧‍👦 👩🏽‍🚀 🏳️‍🌈"],
    ["right-to-left marks", "\u202eabc\u202c"],
    ["combining marks", "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤"],
    ["quotes and SQL", `'"; DROP TABLE messages; -- $1 \\`],
    ["markup", "<script>alert(1)</script>&amp;"],
    ["lines and tabs", " a\r\n\tb "],
    ["control characters", "\u0001\u001b[31m\u007f"],
    ["5,000 emoji", "😀".repeat(5000)],
    ["5,000 letters", "é".repeat(5000)],
  ])("of %s comes back as it was", async (_name, content) => {
    const sent = await say({ content }).expect(201);
    expect(sent.body.content).toBe(content);
    const page = await as(user).get(`/v1/chat/${chat}/messages`).query({ limit: 1 });
    expect(page.body.messages[0].content).toBe(content);
  });

  test.each([
    ["NUL", "a\u0000b"],
    ["half a surrogate pair", "a\ud83d"],
    ["the other half", "\ude00b"],
    ["5,001 emoji", "😀".repeat(5001)],
    ["5,001 letters", "e".repeat(5001)],
  ])("of %s is refused, in a message, an edit and a first message", async (_name, content) => {
    const refused = await say({ content });
    expect([refused.status, refused.body.errors?.[0].path]).toEqual([400, "content"]);
    const mid = (await say({ content: "x" })).body.id;
    await as(user).patch(`/v1/chat/${chat}/messages/${mid}`).send({ content }).expect(400);
    const order = { order_id: randomUUID(), user_id: user, shopper_id: "s", initial_message: content };
    await as(user).post("/v1/chat").send(order).expect(400);
  });

  test("may be in ids, names and metadata", async () => {
    const odd = `ユーザー-🔑-'"<>&/?#%-${randomUUID()}`;
    const opened = await as(odd).post("/v1/chat").send({ type: "direct", user_id: user }).expect(201);
    const members = `/v1/chat/${opened.body.id}/members`;
    expect((await as(user).get(members)).body.members).toContainEqual(
      expect.objectContaining({ user_id: odd }),
    );
    const byOrder = { order_id: odd, user_id: user, shopper_id: "s" };
    await as(user).post("/v1/chat").send(byOrder).expect(201);
    await as(user)
      .get(`/v1/chat/order/${encodeURIComponent(odd)}`)
      .expect(200);
    await say({ content: "x", metadata: { "ключ 🔑": ["值", { "": "" }] } }).expect(201);
  });
});

describe("metadata", () => {
  const nested = (depth: number): object => (depth === 1 ? {} : { inner: nested(depth - 1) });

  test.each<[string, object]>([
    ["of depth 8", nested(8)],
    ["of almost 5 KB", { text: "x".repeat(5000) }],
    ["of every kind of JSON", { a: null, b: true, c: 1.5, d: "é", e: [[], {}], f: { g: {} } }],
  ])("%s comes back as it was", async (_name, metadata) => {
    expect((await say({ content: "x", metadata }).expect(201)).body.metadata).toEqual(metadata);
  });

  test.each<[string, unknown]>([
    ["of depth 9", nested(9)],
    ["over 5 KB", { text: "x".repeat(5120) }],
    ["over 5 KB of wide letters", { text: "界".repeat(1800) }],
    ["with NUL in it", { text: "a\u0000" }],
    ["with NUL in a name", { "a\u0000": 1 }],
    ["with half a surrogate pair", { list: ["\ud83d"] }],
    ["with a constructor", { constructor: { prototype: {} } }],
    ["with an inner prototype", { a: [{ prototype: 1 }] }],
    ["that is a list", []],
    ["that is text", "{}"],
    ["that is null", null],
  ])("%s is refused", async (_name, metadata) => {
    const answer = await say({ content: "x", metadata });
    expect([answer.status, answer.body.code]).toEqual([400, "invalid_input"]);
  });

  test("with __proto__ inside is refused", async () => {
    const answer = await sayRaw('{"content":"x","metadata":{"a":{"__proto__":{"admin":true}}}}');
    expect([answer.status, answer.body.code]).toEqual([400, "invalid_input"]);
  });

  test("with __proto__ as its own name keeps nothing of it", async () => {
    const answer = await sayRaw('{"content":"x","metadata":{"__proto__":{"admin":true},"a":1}}');
    expect(JSON.stringify(answer.body)).not.toContain("admin");
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  test("nested a hundred thousand times is refused, and is no failure of the server", async () => {
    const depth = 100_000;
    const answer = await sayRaw(`{"content":"x","metadata":{"a":${"[".repeat(depth)}${"]".repeat(depth)}}}`);
    expect([answer.status, answer.body.code]).toEqual([400, "invalid_input"]);
    const update = `{"status":"s","a":${"[".repeat(depth)}${"]".repeat(depth)}}`;
    const order = as("platform", "system")
      .post("/v1/orders/o/updates")
      .set("Content-Type", "application/json");
    expect((await order.send(update)).status).toBe(400);
  });
});

test("__proto__ beside known fields is dropped", async () => {
  const answer = await sayRaw('{"content":"x","__proto__":{"type":"system"},"constructor":1}');
  expect(answer.status).toBe(201);
  expect(answer.body.type).toBe("text");
});

describe("a client id", () => {
  test("names one message, also when twenty come at once", async () => {
    const body = { content: "once", client_id: randomUUID(), metadata: { b: 1, a: 2 } };
    const answers = await Promise.all(Array.from({ length: 20 }, () => say(body)));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 201));
    expect(new Set(answers.map((answer) => JSON.stringify(answer.body))).size).toBe(1);
    const again = await say({ ...body, metadata: { a: 2, b: 1 } }).expect(201);
    expect(again.body).toEqual(answers[0]?.body);
  });

  test("does not name other contents", async () => {
    const client_id = randomUUID();
    await say({ content: "one", client_id }).expect(201);
    for (const other of [
      { content: "two" },
      { content: "one", metadata: {} },
      { content: "one", type: "file" },
    ]) {
      const answer = await say({ ...other, client_id });
      expect([answer.status, answer.body.code]).toEqual([422, "client_id_reused"]);
    }
  });

  test("is the sender's and the chat's own", async () => {
    const body = { content: "mine", client_id: "shared" };
    const mine = await say(body).expect(201);
    const friends = await as(`friend-${user}`).post(`/v1/chat/${chat}/messages`).send(body).expect(201);
    expect(friends.body.id).not.toBe(mine.body.id);
  });
});

function as(userId: string, role?: string) {
  return request.agent(api.app).set("Authorization", api.bearer(userId, role));
}

function say(body: object) {
  return as(user).post(`/v1/chat/${chat}/messages`).send(body);
}

function sayRaw(text: string) {
  return as(user).post(`/v1/chat/${chat}/messages`).set("Content-Type", "application/json").send(text);
}
