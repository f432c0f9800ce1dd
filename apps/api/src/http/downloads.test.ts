import { createHash, randomBytes, randomUUID } from "node:crypto";
import type { FileShape } from "@parley/contracts";
import { revokeTokens, setBlocked } from "@parley/engine";
import { createTestDatabase, type TestDatabase, testRedisUrl } from "@parley/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createFileUrlTokens } from "../auth/file-url-tokens.js";
import { fileUrlKey } from "../file-config.js";
import { type FileApi, openFileApi } from "../testing/open-file-api.js";

const SIZE = 100_000;
const BYTES = randomBytes(SIZE);
const SECRET = "a secret of addresses for tests, long enough";

let database: TestDatabase;
let api: FileApi;
let owner: string;
let friend: string;
let chat: string;
let file: FileShape;

beforeAll(async () => {
  database = await createTestDatabase();
  api = await openFileApi({
    databaseUrl: database.url,
    redisUrl: testRedisUrl(),
    env: { FILE_URL_SECRET: SECRET, FILE_URL_SECONDS: "60" },
  });
  [owner, friend] = [`owner-${randomUUID()}`, `friend-${randomUUID()}`];
  chat = await api.openChat(owner, friend);
  file = (await api.upload(owner, chat, { bytes: BYTES, name: 'naïve "100%" 写真.bin' })).body;
});

afterAll(async () => {
  await api.close();
  await database.drop();
});

describe("a range", () => {
  test.each<[string, number, number]>([
    ["bytes=0-0", 0, 1],
    ["bytes=0-99", 0, 100],
    ["bytes=500-", 500, SIZE],
    ["bytes=-1", SIZE - 1, SIZE],
    ["bytes=-999999", 0, SIZE],
    ["bytes=99999-200000", 99_999, SIZE],
  ])("%s is given", async (range, from, to) => {
    const { status, headers, body } = await api.get(friend, file.url, { range });
    expect([status, headers.get("content-range")]).toEqual([206, `bytes ${from}-${to - 1}/${SIZE}`]);
    expect(headers.get("content-length")).toBe(String(to - from));
    expect(body.equals(BYTES.subarray(from, to))).toBe(true);
  });

  test.each(["bytes=100000-", "bytes=100000-100001", "bytes=-0", "bytes=999999999999-"])(
    "%s is behind the end",
    async (range) => {
      const { status, headers, body } = await api.get(friend, file.url, { range });
      expect([status, headers.get("content-range")]).toEqual([416, `bytes */${SIZE}`]);
      expect(JSON.parse(body.toString())).toMatchObject({ code: "invalid_input", status: 416 });
      expect(headers.has("content-disposition")).toBe(false);
    },
  );

  test.each(["bytes=5-3", "bytes=0-1,5-6", "lines=1-2", "bytes=a-b", "bytes=-", "bytes=0x1-", ""])(
    "%j is not understood, and all is given",
    async (range) => {
      const { status, headers, body } = await api.get(friend, file.url, { range });
      expect([status, headers.get("accept-ranges"), body.equals(BYTES)]).toEqual([200, "bytes", true]);
    },
  );

  test("of other bytes than one has begun with is all of them", async () => {
    const etag = `"${file.sha256}"`;
    const same = await api.get(friend, file.url, { range: "bytes=0-9", "if-range": etag });
    const other = await api.get(friend, file.url, { range: "bytes=0-9", "if-range": '"other"' });
    expect([same.status, other.status]).toEqual([206, 200]);
  });
});

test("what one has already is not sent again, and is asked about each time", async () => {
  const { headers } = await api.get(friend, file.url);
  const etag = headers.get("etag") ?? "";
  expect(etag).toBe(`"${createHash("sha256").update(BYTES).digest("hex")}"`);
  expect(headers.get("cache-control")).toBe("private, no-cache");
  for (const known of [etag, `W/${etag}`, `"x", ${etag}`, "*"]) {
    const { status, body } = await api.get(friend, file.url, { "if-none-match": known });
    expect([status, body.length]).toEqual([304, 0]);
  }
  expect((await api.get(friend, file.url, { "if-none-match": '"x"' })).status).toBe(200);
  expect((await api.get("stranger", file.url, { "if-none-match": etag })).status).toBe(404);
});

test("HEAD tells everything but the bytes", async () => {
  const authorization = api.bearer(friend);
  const head = await fetch(`${api.url}${file.url}`, {
    method: "HEAD",
    headers: { authorization, range: "bytes=0-9" },
  });
  expect([head.status, head.headers.get("content-length"), await head.text()]).toEqual([206, "10", ""]);
});

test("the name is in the head, for old readers and new ones", async () => {
  const { headers } = await api.get(friend, file.url);
  expect(headers.get("content-disposition")).toBe(
    `attachment; filename="na_ve _100__ __.bin"; filename*=UTF-8''na%C3%AFve%20_100%25_%20%E5%86%99%E7%9C%9F.bin`,
  );
});

test("who is removed loses access at once, with what they had an address for", async () => {
  const leaver = `leaver-${randomUUID()}`;
  const group = await api.openChat(owner, leaver);
  const { body: theirs } = await api.upload(owner, group, { bytes: BYTES });
  const { url } = await signed(leaver, theirs.id);
  expect([(await api.get(leaver, theirs.url)).status, (await api.get(undefined, url)).status]).toEqual([
    200, 200,
  ]);
  await api.ask(owner, `DELETE /v1/chat/${group}/members/${leaver}`);
  expect([(await api.get(leaver, theirs.url)).status, (await api.get(undefined, url)).status]).toEqual([
    404, 404,
  ]);
  expect((await api.ask(leaver, `POST /v1/files/${theirs.id}/url`)).status).toBe(404);
  expect((await api.ask(leaver, `GET /v1/chat/${group}/files`)).status).toBe(404);
});

describe("a signed address", () => {
  test("works without a token, from pages of other origins, and says until when", async () => {
    const { url, expires_at } = await signed(friend, file.id);
    const { status, headers, body } = await api.get(undefined, url);
    expect([status, body.equals(BYTES)]).toEqual([200, true]);
    expect(headers.get("cross-origin-resource-policy")).toBe("cross-origin");
    expect((await api.get(friend, file.url)).headers.get("cross-origin-resource-policy")).toBe("same-origin");
    const seconds = (new Date(expires_at).getTime() - Date.now()) / 1000;
    expect(seconds).toBeGreaterThan(30);
    expect(seconds).toBeLessThanOrEqual(61);
    expect(
      (await api.get(undefined, url.toUpperCase().replace(/.*\?TOKEN=/, `${file.url}?token=`))).status,
    ).toBe(403);
  });

  test("is of one file, one person and one server, and ends", async () => {
    const { body: second } = await api.upload(owner, chat, { bytes: BYTES });
    const { url } = await signed(friend, file.id);
    const token = url.split("token=")[1] ?? "";
    const [claims = "", mac = ""] = token.split(".");
    const [, role, issued, expires] = JSON.parse(Buffer.from(claims, "base64url").toString());
    const claim = (...values: unknown[]) => Buffer.from(JSON.stringify(values)).toString("base64url");
    const sign = (seconds: number, key = fileUrlKey({ FILE_URL_SECRET: SECRET })) =>
      createFileUrlTokens({ key, seconds }).sign({ userId: friend, role: "user" }, file.id).token;
    const status = async (given: string, of = file.id) =>
      (await api.get(undefined, `/v1/files/${of}?token=${encodeURIComponent(given)}`)).status;
    // The control: a token that is made here in the test like the server's does work.
    expect([await status(token), await status(sign(60))]).toEqual([200, 200]);
    for (const wrong of [
      `${claim(owner, role, issued, expires)}.${mac}`,
      `${claim(friend, "admin", issued, expires)}.${mac}`,
      `${claim(friend, role, issued, expires + 600)}.${mac}`,
      `${claims}.${mac.slice(0, -2)}`,
      `${claims}.`,
      `${token}.x`,
      "x",
      sign(-1),
      sign(60, fileUrlKey({ FILE_URL_SECRET: `other ${SECRET}` })),
      sign(60, fileUrlKey({ JWT_SECRET: "a-secret-for-tests-that-is-long-enough" })),
    ]) {
      expect(await status(wrong), wrong).toBe(403);
    }
    expect(await status(token, second.id)).toBe(403);
  });

  test("opens nothing else", async () => {
    const token = (await signed(friend, file.id)).url.split("token=")[1];
    for (const path of [`/v1/chat/${chat}/files`, `/v1/chat/${chat}/messages`, "/v1/sync"]) {
      expect((await api.get(undefined, `${path}?token=${token}`)).status).toBe(401);
    }
    expect((await api.get(undefined, `/v1/files/${file.id}?token=`)).status).toBe(401);
  });

  test("ends with the access of who asked for it, and with a revocation of their tokens", async () => {
    const admin = { userId: "operator", role: "admin" };
    const [revoked, blocked] = [`revoked-${randomUUID()}`, `blocked-${randomUUID()}`];
    const group = await api.openChat(owner, revoked, blocked);
    const { body: theirs } = await api.upload(owner, group, { bytes: BYTES });
    const urls = [(await signed(revoked, theirs.id)).url, (await signed(blocked, theirs.id)).url];
    for (const url of urls) expect((await api.get(undefined, url)).status).toBe(200);
    await revokeTokens(api.engine, { actor: admin, userId: revoked });
    await setBlocked(api.engine, { actor: admin, userId: blocked, blocked: true });
    await api.refreshAccess();
    const answers = [];
    for (const url of urls) answers.push(JSON.parse((await api.get(undefined, url)).body.toString()).code);
    expect(answers).toEqual(["token_revoked", "user_blocked"]);
  });

  test("is written for nobody who may not see the file", async () => {
    const { status, body } = await api.ask<{ code: string }>("stranger", `POST /v1/files/${file.id}/url`);
    expect([status, body.code]).toEqual([404, "file_not_found"]);
  });
});

test("a message has a file of its chat attached, and the file is gone with it", async () => {
  const { body: fresh } = await api.upload(owner, chat, { bytes: BYTES });
  const send = (attachment_url: string, to = chat) =>
    api.ask<{ id: string; attachment_url: string; code: string }>(owner, `POST /v1/chat/${to}/messages`, {
      type: "file",
      attachment_url,
    });
  const { status, body: message } = await send(fresh.url);
  expect([status, message.attachment_url]).toEqual([201, fresh.url]);
  const elsewhere = await api.openChat(owner);
  expect((await send(fresh.url, elsewhere)).body.code).toBe("invalid_input");
  expect((await send("/v1/files/../secrets")).body.code).toBe("invalid_input");
  expect((await send("javascript:alert(1)")).body.code).toBe("invalid_input");
});

function signed(as: string, id: string) {
  return api
    .ask<{ url: string; expires_at: string }>(as, `POST /v1/files/${id}/url`)
    .then(({ body }) => body);
}
