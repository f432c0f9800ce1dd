import { createHash, randomBytes, randomUUID } from "node:crypto";
import { rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import type { FileShape } from "@parley/contracts";
import {
  createTestDatabase,
  createTestStorage,
  type TestDatabase,
  testRedisUrl,
  until,
} from "@parley/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type FileApi, openFileApi } from "../testing/open-file-api.js";

const MAX = 200_000;
const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAIAAAB7QOjdAAAACXBIWXMAAAPoAAAD6AG1e1JrAAAAD0lEQVQImWP4z8Dwn4EBAAj+Af/KOtJRAAAAAElFTkSuQmCC",
  "base64",
);
const ACTIVE = {
  html: "<!doctype html><script>alert(document.cookie)</script>",
  svg: '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
  js: "alert(1)",
};

let database: TestDatabase;
let api: FileApi;
let me: string;
let chat: string;

beforeAll(async () => {
  database = await createTestDatabase();
  api = await openFileApi({
    databaseUrl: database.url,
    redisUrl: testRedisUrl(),
    env: { MAX_FILE_SIZE: String(MAX), FILE_QUOTA_BYTES: "1003000" },
  });
  me = `me-${randomUUID()}`;
  chat = await api.openChat(me, `friend-${me}`);
});

afterAll(async () => {
  await api.close();
  await database.drop();
});

describe("an upload", () => {
  test("is stored as it was, described, listed, and given back", async () => {
    const bytes = randomBytes(70_000);
    const { status, body: file } = await api.upload(me, chat, { bytes, name: "報告 1.bin" });
    expect(status).toBe(201);
    expect(file).toMatchObject({
      chat_id: chat,
      uploader_id: me,
      name: "報告 1.bin",
      mime_type: "application/octet-stream",
      size: 70_000,
      sha256: createHash("sha256").update(bytes).digest("hex"),
      url: `/v1/files/${file.id}`,
    });
    const given = await api.get(`friend-${me}`, file.url);
    expect([given.status, given.body.equals(bytes)]).toEqual([200, true]);
  });

  test("of nothing is a file, too", async () => {
    const { body: file } = await api.upload(me, chat, { bytes: Buffer.alloc(0) });
    expect(file.size).toBe(0);
    expect((await api.get(me, file.url)).body).toHaveLength(0);
  });

  test("is listed in pages", async () => {
    const own = await api.openChat(me);
    const ids: string[] = [];
    for (let count = 0; count < 5; count++) ids.unshift((await api.upload(me, own, { bytes: PNG })).body.id);
    const found: string[] = [];
    let query = "?limit=2";
    for (let page = 0; page < 3; page++) {
      const { body } = await api.ask<{ files: FileShape[]; next_cursor?: string }>(
        me,
        `GET /v1/chat/${own}/files${query}`,
      );
      found.push(...body.files.map(({ id }) => id));
      expect(body.next_cursor === undefined).toBe(page === 2);
      query = `?limit=2&cursor=${body.next_cursor}`;
    }
    expect(found).toEqual(ids);
    expect((await api.ask(me, `GET /v1/chat/${own}/files?cursor=x`)).status).toBe(400);
  });

  test.each([
    { what: "a picture that says it is a page", bytes: PNG, name: "page.html", type: "text/html" },
    { what: "a page that says it is a picture", bytes: ACTIVE.html, name: "cat.png", type: "image/png" },
    { what: "a drawing with a script in it", bytes: ACTIVE.svg, name: "cat.svg", type: "image/svg+xml" },
    { what: "a script", bytes: ACTIVE.js, name: "a.js", type: "text/javascript" },
  ])("of $what is what its bytes are", async ({ bytes, name, type }) => {
    const isPicture = bytes === PNG;
    const expected = isPicture ? "image/png" : "application/octet-stream";
    const { body: file } = await api.upload(me, chat, { bytes: Buffer.from(bytes), name, type });
    expect(file.mime_type).toBe(expected);
    const { headers } = await api.get(me, file.url);
    expect(headers.get("content-type")).toBe(expected);
    expect(headers.get("content-disposition")?.split(";")[0]).toBe(isPicture ? "inline" : "attachment");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("content-security-policy")).toBe("default-src 'none'; sandbox");
  });

  test("of a picture is measured and gets a thumbnail; of a broken one it is stored all the same", async () => {
    const { body: file } = await api.upload(me, chat, { bytes: PNG, name: "a.b.png" });
    expect(file).toMatchObject({ width: 2, height: 1, thumbnail_url: `${file.url}/thumbnail` });
    const small = await api.get(me, `${file.url}/thumbnail`);
    expect([small.headers.get("content-type"), small.body.subarray(8, 12).toString()]).toEqual([
      "image/webp",
      "WEBP",
    ]);
    expect(small.headers.get("content-disposition")).toContain('filename="a.b.webp"');
    const broken = (await api.upload(me, chat, { bytes: PNG.subarray(0, 40), name: "b.png" })).body;
    expect(broken).toMatchObject({ mime_type: "image/png", size: 40 });
    expect(broken).not.toHaveProperty("width");
    expect((await api.get(me, `${broken.url}/thumbnail`)).status).toBe(404);
  });

  test.each([
    ["../../../etc/passwd", "passwd"],
    ["..\\..\\boot.ini", "boot.ini"],
    ["%2e%2e%2f%2e%2e%2fetc", "%2e%2e%2f%2e%2e%2fetc"],
    ["x\u202egnp.exe", "xgnp.exe"],
  ])("named %j is called %j, and lies where the server wants it", async (given, expected) => {
    const { body: file } = await raw(form([part(`name="file"; filename="${given}"`, "x")]));
    expect(file?.name).toBe(expected);
    const { objects } = await api.leftovers();
    expect(objects).toContain(file?.id);
    expect(objects.filter((name) => !/^[0-9a-f-]{36}(\.thumbnail)?$/.test(name))).toEqual([]);
  });
});

describe("a refused upload leaves nothing", () => {
  test.each<[string, string, string[]]>([
    ["another field", "file", [part('name="other"; filename="a"', "x")]],
    ["text instead of a file", "file", [part('name="file"', "x")]],
    ["two files", "file", [part('name="file"; filename="a"', "x"), part('name="file"; filename="b"', "y")]],
    [
      "twenty fields behind it",
      "file",
      [part('name="file"; filename="a"', "x"), ...Array(20).fill(part('name="a"', "1"))],
    ],
    ["no parts", "file", []],
  ])("with %s", async (_what, path, parts) => {
    const before = await api.leftovers();
    const { status, problem } = await raw(form(parts));
    expect([status, problem?.code, problem?.errors?.[0]?.path]).toEqual([400, "invalid_input", path]);
    expect(await api.leftovers()).toEqual(before);
  });

  test.each([
    ["application/json", "{}"],
    ["multipart/form-data", "x"],
    ["application/x-www-form-urlencoded", "file=x"],
    [
      "multipart/form-data; boundary=b",
      '--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nhalf',
    ],
  ])("as %s", async (type, body) => {
    const before = await api.leftovers();
    const { status, problem } = await raw({ type, body: Buffer.from(body) });
    expect([status, problem?.code]).toEqual([400, "invalid_input"]);
    expect(await api.leftovers()).toEqual(before);
  });

  test("of a byte too much, whether it says so before or not; one byte less is fine", async () => {
    const own = `own-${randomUUID()}`;
    const its = await api.openChat(own);
    const before = await api.leftovers();
    for (const size of [MAX + 1, 20 * MAX]) {
      const { status, body } = await api.upload(own, its, { bytes: Buffer.alloc(size) });
      expect([status, body.code]).toEqual([413, "body_too_large"]);
    }
    const chunked = form([part('name="file"; filename="a"', "x".repeat(MAX + 1))]);
    const { status, problem } = await raw({ ...chunked, chunked: true, as: own, chat: its });
    expect([status, problem?.code]).toEqual([413, "body_too_large"]);
    expect(await api.leftovers()).toEqual(before);
    expect((await api.upload(own, its, { bytes: Buffer.alloc(MAX) })).status).toBe(201);
  });

  test("of four at once when there is room for two: two are stored, and no more are counted", async () => {
    const own = `own-${randomUUID()}`;
    const its = await api.openChat(own);
    const before = await api.leftovers();
    const upload = () => api.upload(own, its, { bytes: randomBytes(100_000) });
    for (let count = 0; count < 8; count++) expect((await upload()).status).toBe(201);
    const answers = await Promise.all([upload(), upload(), upload(), upload()]);
    const codes = answers.map(({ status, body }) => (status === 201 ? "stored" : body.code)).sort();
    expect(codes).toEqual(["file_quota_exceeded", "file_quota_exceeded", "stored", "stored"]);
    const after = await api.leftovers();
    expect(after.bytes - before.bytes).toBe(1_000_000);
    expect(after.rows - before.rows).toBe(10);
    expect(after.objects.length - before.objects.length).toBe(10);
    expect((await api.upload(own, its, { bytes: Buffer.alloc(2_000) })).status).toBe(201);
    expect((await api.upload(own, its, { bytes: Buffer.alloc(2_000) })).status).toBe(409);
  });

  test("when its sender goes away in the middle", async () => {
    const before = await api.leftovers();
    const socket = connect(api.port, "127.0.0.1");
    socket.write(head({ type: "multipart/form-data; boundary=b", length: 150_000 }));
    socket.write('--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n');
    socket.write(Buffer.alloc(100_000));
    const there = await until(async () => {
      const now = await api.leftovers();
      return now.objects.length > before.objects.length && now.rows > before.rows && now;
    }, "the upload has begun");
    expect(there.objects.some((name) => name.includes("~"))).toBe(true);
    socket.destroy();
    await until(
      async () => JSON.stringify(await api.leftovers()) === JSON.stringify(before),
      "nothing is left",
    );
  });

  test("into a closed chat, and from somebody who is not in it", async () => {
    const before = await api.leftovers();
    const closed = await api.openChat(me);
    await api.ask(me, `PUT /v1/chat/${closed}/status`, { status: "closed" });
    expect((await api.upload(me, closed, { bytes: PNG })).body.code).toBe("chat_closed");
    expect((await api.upload("stranger", chat, { bytes: PNG })).body.code).toBe("chat_not_found");
    expect(await api.leftovers()).toEqual(before);
  });

  test("when the storage fails, at once or when it is full, and says when to come again", async () => {
    const storage = createTestStorage();
    const files = { storage, maxBytes: MAX, quotaBytes: MAX };
    const other = await openFileApi({ databaseUrl: database.url, redisUrl: testRedisUrl(), files });
    const own = `own-${randomUUID()}`;
    const its = await other.openChat(own);
    const before = await other.leftovers();
    const error = Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
    for (const afterBytes of [0, 100_000]) {
      storage.failing = { error, afterBytes, onlyPuts: true };
      const { status, headers, body } = await other.upload(own, its, { bytes: Buffer.alloc(150_000) });
      expect([status, body.code, body.retryable]).toEqual([503, "storage_unavailable", true]);
      expect(headers.get("retry-after")).toBe("2");
      expect([await other.leftovers(), storage.objects.size]).toEqual([before, 0]);
    }
    storage.failing = undefined;
    expect((await other.upload(own, its, { bytes: PNG })).status).toBe(201);
    await other.close();
  });

  test("when there is a file where the folder should be", async () => {
    const other = await openFileApi({ databaseUrl: database.url, redisUrl: testRedisUrl() });
    const its = await other.openChat(me);
    await rm(other.folder, { recursive: true });
    await writeFile(other.folder, "");
    const { status, body } = await other.upload(me, its, { bytes: PNG });
    expect([status, body.code]).toEqual([503, "storage_unavailable"]);
    await other.close();
  });

  test("where there is no storage", async () => {
    const env = { STORAGE_PATH: "" };
    const other = await openFileApi({ databaseUrl: database.url, redisUrl: testRedisUrl(), env });
    const its = await other.openChat(me);
    const { status, body } = await other.upload(me, its, { bytes: PNG });
    expect([status, body.code, body.retryable]).toEqual([503, "files_unavailable", false]);
    expect((await other.get(me, `/v1/files/${randomUUID()}`)).status).toBe(503);
    await other.close();
  });
});

test("an upload that is repeated under its name is answered when all of it has come, and must be a form as well", async () => {
  const query = `?client_id=${randomUUID()}`;
  const file = (bytes: string) => part('name="file"; filename="a"', bytes);
  const first = await raw({ ...form([file("x")]), query });
  const before = await api.leftovers();
  const again = await raw({ ...form([file("y".repeat(100_000))]), query });
  expect([again.status, again.body]).toEqual([201, first.body]);
  const half = Buffer.from(file("y".repeat(100_000)));
  const broken = await raw({ type: "multipart/form-data; boundary=b", body: half, query });
  expect([broken.status, broken.problem?.code]).toEqual([400, "invalid_input"]);
  const endless = await raw({ ...form([file("y".repeat(MAX + 1))]), chunked: true, query });
  expect([endless.status, endless.problem?.code]).toEqual([413, "body_too_large"]);
  expect(await api.leftovers()).toEqual(before);
});

interface Raw {
  type: string;
  body: Buffer;
  query?: string;
  chunked?: boolean;
  as?: string;
  chat?: string;
}

/** A request as no browser would make it. */
async function raw(request: Raw) {
  const socket = connect(api.port, "127.0.0.1");
  socket.on("error", () => undefined);
  socket.write(head({ ...request, length: request.chunked ? undefined : request.body.length }));
  if (request.chunked) socket.write(`${request.body.length.toString(16)}\r\n`);
  socket.write(request.body);
  if (request.chunked) socket.write("\r\n0\r\n\r\n");
  const [top = "", answer = ""] = (await text(socket)).split("\r\n\r\n");
  const status = Number(/^HTTP\/1\.1 (\d+)/.exec(top)?.[1]);
  const json = JSON.parse(answer);
  return status === 201 ? { status, body: json as FileShape } : { status, problem: json };
}

function head(request: Omit<Raw, "body"> & { length?: number | undefined }): string {
  return [
    `POST /v1/chat/${request.chat ?? chat}/files${request.query ?? ""} HTTP/1.1`,
    "Host: x",
    "Connection: close",
    `Authorization: ${api.bearer(request.as ?? me)}`,
    `Content-Type: ${request.type}`,
    request.length === undefined ? "Transfer-Encoding: chunked" : `Content-Length: ${request.length}`,
    "\r\n",
  ].join("\r\n");
}

function part(disposition: string, content: string): string {
  return `--b\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n${content}\r\n`;
}

function form(parts: string[]): Raw {
  return { type: "multipart/form-data; boundary=b", body: Buffer.from(`${parts.join("")}--b--\r\n`) };
}
