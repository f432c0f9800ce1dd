import { createTestDatabase, TEST_JWT_SECRET, type TestDatabase, testRedisUrl, until } from "@parley/testing";
import jwt from "jsonwebtoken";
import request from "supertest";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openTestApi, type TestApi } from "../testing/open-test-api.js";

const MINJI = {
  name: "김민지 100%",
  email: "minji+1@p.example",
  picture: "https://p.example/민지.png",
};
const ENCODED = {
  "x-nickname": "%EA%B9%80%EB%AF%BC%EC%A7%80%20100%25",
  "x-email": "minji%2B1%40p.example",
  "x-profile-url": "https%3A%2F%2Fp.example%2F%EB%AF%BC%EC%A7%80.png",
};

let database: TestDatabase;
let api: TestApi;
let users = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  const env = { REQUESTS_BURST: "5", REQUESTS_PER_MINUTE: "1" };
  api = await openTestApi({ databaseUrl: database.url, redisUrl: testRedisUrl(), env });
});

afterAll(async () => {
  await api.close();
  await database.drop();
});

test("a good token is answered with the identity in headers, percent-encoded", async () => {
  const sub = someone("a/b 민");
  const answer = await verify({ authorization: `Bearer ${tokenOf({ sub, ...MINJI })}` });
  expect([answer.status, answer.text]).toEqual([204, ""]);
  expect(answer.headers).toMatchObject({ "x-user-id": encodeURIComponent(sub), ...ENCODED });
  expect(answer.get("Cache-Control")).toBe("no-store");
});

test("what the token leaves out comes from the user directory, or is left out", async () => {
  const sub = someone("user");
  const bare = await verify({ authorization: `Bearer ${tokenOf({ sub })}` });
  expect(bare.status).toBe(204);
  for (const name of Object.keys(ENCODED)) expect(bare.headers).not.toHaveProperty(name);
  await verify({ authorization: `Bearer ${tokenOf({ sub, ...MINJI })}` });
  // The directory is written beside the request. Who asked until then might have asked too often.
  const written = () => api.engine.database.prisma.user.findUnique({ where: { id: sub } });
  await until(async () => (await written())?.name, "it is written");
  // It may not answer at once.
  const known = await until(async () => {
    const { headers } = await verify({ authorization: `Bearer ${tokenOf({ sub })}` });
    return "x-nickname" in headers && headers;
  }, "the directory knows the name");
  expect(known).toMatchObject(ENCODED);
});

test("an address too long for a header is left out", async () => {
  const picture = `https://p.example/${"민".repeat(500)}.png`;
  const answer = await verify({
    authorization: `Bearer ${tokenOf({ sub: someone("user"), ...MINJI, picture })}`,
  });
  expect([answer.status, answer.get("X-Nickname")]).toEqual([204, ENCODED["x-nickname"]]);
  expect(answer.headers).not.toHaveProperty("x-profile-url");
});

test.each([
  [1_999_999_999, "1999999999"],
  [1_999_999_999.9, "1999999999"],
  [1e18, "999999999999"],
])("when the token runs out (%s) is said as %s", async (exp, said) => {
  const answer = await verify({ authorization: `Bearer ${tokenOf({ sub: someone("user"), exp })}` });
  expect([answer.status, answer.get("X-Token-Expires")]).toEqual([204, said]);
});

test("the token of a WebSocket's URI is taken where there is no header", async () => {
  const sub = someone("user");
  const uri = `/ws/chat/1/chat/?token=${tokenOf({ sub })}`;
  expect((await verify({ "x-original-uri": uri })).get("X-User-Id")).toBe(sub);
  const both = { "x-original-uri": uri, authorization: `Bearer ${tokenOf({ sub: "other" })}` };
  expect((await verify(both)).get("X-User-Id")).toBe("other");
  const bad = await verify({ "x-original-uri": uri, authorization: "Bearer bad" });
  expect(bad.body.code).toBe("token_invalid");
  expect(
    (
      await request(api.app)
        .get("/v1/auth/verify")
        .query({ token: tokenOf({ sub }) })
    ).status,
  ).toBe(401);
});

test.each<[string, () => Record<string, string>, string]>([
  ["no token", () => ({}), "token_missing"],
  ["a bad token", () => ({ authorization: "Bearer x.y.z" }), "token_invalid"],
  [
    "a token that is over",
    () => ({ authorization: `Bearer ${tokenOf({ sub: "u", exp: 1 })}` }),
    "token_expired",
  ],
  ["a bad token in the URI", () => ({ "x-original-uri": "/ws?token=x" }), "token_invalid"],
  ["two tokens in the URI", () => ({ "x-original-uri": "/ws?token=x&token=y" }), "token_missing"],
])("%s is refused, without a word about anybody", async (_what, headers, code) => {
  const answer = await verify({ ...headers(), "x-user-id": "7", "x-nickname": "Boss" });
  expect([answer.status, answer.body.code]).toEqual([401, code]);
  for (const name of ["x-user-id", ...Object.keys(ENCODED)]) expect(answer.headers).not.toHaveProperty(name);
});

test("one user is let ask as often as of any other call", async () => {
  const authorization = `Bearer ${tokenOf({ sub: someone("user") })}`;
  expect((await verify({ authorization })).status).toBe(204);
  // Should Redis be slow in between, the node counts anew by itself.
  await until(async () => (await verify({ authorization })).status === 429, "it was often enough");
});

function verify(headers: Record<string, string>) {
  // Strangers are counted by their address: each test has its own.
  const address = `203.0.113.${(users % 250) + 1}`;
  users++;
  return request(api.app)
    .get("/v1/auth/verify")
    .set({ "X-Forwarded-For": address, ...headers });
}

function someone(name: string): string {
  return `${name}-${++users}-${database.url.slice(-8)}`;
}

function tokenOf(claims: object): string {
  return jwt.sign({ exp: Math.floor(Date.now() / 1_000) + 60, ...claims }, TEST_JWT_SECRET);
}
