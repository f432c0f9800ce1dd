import { indexMessages } from "@parley/engine";
import { createTestDatabase, type TestDatabase, testRedisUrl } from "@parley/testing";
import request from "supertest";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openTestApi, type TestApi } from "../testing/open-test-api.js";
import { createRestCaller } from "../testing/rest-caller.js";

const BURST = 12;

let database: TestDatabase;
let api: TestApi;
const { call, refused } = createRestCaller(({ method, path, as, role, query = {}, body }) => {
  const sent = request(api.app)[method](path).query(query).set("Authorization", api.bearer(as, role));
  return body === undefined ? sent : sent.send(body);
});

beforeAll(async () => {
  database = await createTestDatabase();
  const env = { MESSAGES_BURST: "1000", SEARCHES_BURST: String(BURST), SEARCHES_PER_MINUTE: "1" };
  api = await openTestApi({ databaseUrl: database.url, redisUrl: testRedisUrl(), env });
});

afterAll(async () => {
  await api.close();
  await database.drop();
});

async function newChat(as: string): Promise<string> {
  return (await call("createChat", { as, body: { type: "group", name: "g" } })).id;
}

const say = (as: string, id: string, content: string) =>
  call("sendMessage", { as, params: { id }, body: { content } });

test("a search finds what was said in my chats, with the places of the words", async () => {
  const [mine, other] = [await newChat("ana"), await newChat("ana")];
  await newChat("eve");
  const first = await say("ana", mine, "Das Frühstück 🥐 ist fertig, das FRÜHSTÜCK");
  await say("ana", other, "fruhstuck tomorrow");
  await indexMessages(api.engine, { waitMs: { whole: 0, rest: 0 } });
  const page = await call("search", { as: "ana", query: { q: "frühstück", chat_id: mine } });
  expect(page).toEqual({
    results: [{ message: first, highlights: expect.any(Array) }],
    next_cursor: null,
    archived_searched: false,
    archived_before: null,
  });
  const { message, highlights } = page.results[0] ?? { message: first, highlights: [] };
  expect(highlights.map(({ start, end }) => message.content.slice(start, end))).toEqual([
    "Frühstück",
    "FRÜHSTÜCK",
  ]);
  const newest = await call("search", { as: "ana", query: { q: "fruh", limit: 1 } });
  expect(newest.results[0]?.message.chat_id).toBe(other);
  const older = await call("search", { as: "ana", query: { q: "fruh", cursor: newest.next_cursor } });
  expect(older.results.map(({ message: { id } }) => id)).toEqual([first.id]);
  expect((await call("search", { as: "eve", query: { q: "fruhstuck" } })).results).toEqual([]);
  await refused("search", { as: "eve", query: { q: "fruhstuck", chat_id: mine } }, "chat_not_found");
  const at = { after: first.created_at, before: first.created_at };
  expect((await call("search", { as: "ana", query: { q: "fruh", ...at } })).results).toEqual([]);
  expect((await call("search", { as: "ana", query: { q: "fruh", from: "eve" } })).results).toEqual([]);
});

test("a search says what is wrong with what it was asked", async () => {
  for (const query of [
    {},
    { q: "!" },
    { q: "a".repeat(201) },
    { q: "a", before: "yesterday" },
    { q: "a", cursor: "?" },
  ])
    await refused("search", { as: "una", query }, "invalid_input");
});

test("searches have a rate of their own", async () => {
  const search = () =>
    request(api.app).get("/v1/search").query({ q: "word" }).set("Authorization", api.bearer("often"));
  let answer = await search();
  expect(answer.status).toBe(200);
  // A limiter whose Redis answers late decides by itself, and counts apart.
  for (let count = 0; answer.status === 200 && count < 2 * BURST; count++) answer = await search();
  expect([answer.status, answer.body.code]).toEqual([429, "rate_limited"]);
  expect(Number(answer.get("Retry-After"))).toBeGreaterThan(0);
  await call("listMyChats", { as: "often" });
});
