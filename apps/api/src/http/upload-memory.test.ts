import { randomBytes, randomUUID } from "node:crypto";
import { type ClientRequest, request } from "node:http";
import { json } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { openStorage } from "@parley/platform";
import { createTestDatabase, startObjectStore, type TestDatabase, testRedisUrl } from "@parley/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type FileApi, openFileApi } from "../testing/open-file-api.js";

const MIB = 1024 * 1024;
const SIZE = 200 * MIB;
/** What one process may grow by, sender and server together; the file itself is twice as large. */
const BOUND = 100 * MIB;

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(() => database.drop());

test("a file of 200 MB goes through a node into a folder and out again, and never is in memory", async () => {
  const env = { MAX_FILE_SIZE: String(SIZE) };
  const api = await openFileApi({ databaseUrl: database.url, redisUrl: testRedisUrl(), env });
  await passThrough(api);
  await api.close();
});

test("so it does into a bucket", async () => {
  const store = await startObjectStore();
  const storage = await openStorage({
    S3_BUCKET: store.bucket,
    S3_PREFIX: "",
    S3_ENDPOINT: store.url,
    S3_REGION: "us-east-1",
    S3_ACCESS_KEY_ID: store.keys.id,
    S3_SECRET_ACCESS_KEY: store.keys.secret,
    S3_PATH_STYLE: true,
  });
  if (storage === undefined) throw new Error("no storage");
  const files = { storage, maxBytes: SIZE, quotaBytes: 2 * SIZE };
  const env = { MAX_FILE_SIZE: String(SIZE) };
  const api = await openFileApi({ databaseUrl: database.url, redisUrl: testRedisUrl(), env, files });
  await passThrough(api);
  await api.close();
  storage.close();
  await store.close();
});

async function passThrough(api: FileApi): Promise<void> {
  const me = `me-${randomUUID()}`;
  const chat = await api.openChat(me);
  // The first ones warm everything up that is kept.
  for (let count = 0; count < 3; count++) await api.upload(me, chat, { bytes: randomBytes(3 * MIB) });
  const up = await growthWhile(() => sendLarge(api, { me, chat }));
  expect(up.result.size).toBe(SIZE);
  const down = await growthWhile(() => readLarge(api, { me, id: up.result.id }));
  expect(down.result).toBe(SIZE);
  expect(Math.max(up.bytes, down.bytes)).toBeLessThan(BOUND);
}

async function sendLarge(
  api: FileApi,
  { me, chat }: { me: string; chat: string },
): Promise<{ id: string; size: number }> {
  const headers = { authorization: api.bearer(me), "content-type": "multipart/form-data; boundary=b" };
  const sent = request(`${api.url}/v1/chat/${chat}/files`, { method: "POST", headers });
  const answer = answerOf(sent);
  await pipeline(largeForm(), sent);
  return (await answer) as { id: string; size: number };
}

function answerOf(sent: ClientRequest): Promise<unknown> {
  return new Promise((resolve, reject) => {
    sent.once("error", reject);
    sent.once("response", (response) => json(response).then(resolve, reject));
  });
}

async function* largeForm() {
  yield '--b\r\nContent-Disposition: form-data; name="file"; filename="large"\r\n\r\n';
  const chunk = randomBytes(65_536);
  for (let sent = 0; sent < SIZE; sent += chunk.length) yield chunk;
  yield "\r\n--b--\r\n";
}

async function readLarge(api: FileApi, { me, id }: { me: string; id: string }): Promise<number> {
  const response = await fetch(`${api.url}/v1/files/${id}`, { headers: { authorization: api.bearer(me) } });
  let size = 0;
  for await (const chunk of response.body ?? []) size += chunk.length;
  return size;
}

/** The most that the process was larger than before. */
async function growthWhile<Result>(work: () => Promise<Result>): Promise<{ result: Result; bytes: number }> {
  const before = process.memoryUsage.rss();
  let most = before;
  const timer = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss());
  }, 5);
  try {
    const result = await work();
    return { result, bytes: most - before };
  } finally {
    clearInterval(timer);
  }
}
