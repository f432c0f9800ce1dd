import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createLogger, parseConfig, type Readiness } from "@parley/platform";
import {
  createTestDatabase,
  restClient,
  TEST_JWT_SECRET,
  type TestDatabase,
  testRedisUrl,
  until,
} from "@parley/testing";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { startApi } from "./app.js";
import { apiConfigSchema } from "./config.js";

let database: TestDatabase;
let folder: string;

beforeAll(async () => {
  database = await createTestDatabase();
  folder = await mkdtemp(path.join(tmpdir(), "parley-files-"));
});

afterAll(async () => {
  await database.drop();
  await rm(folder, { recursive: true });
});

/** Starts a node and returns its address. */
async function start(env: Record<string, string>): Promise<string> {
  const config = parseConfig(apiConfigSchema, {
    NODE_ENV: "test",
    HOST: "127.0.0.1",
    PORT: "0",
    DATABASE_URL: database.url,
    REDIS_URL: testRedisUrl(),
    REDIS_PREFIX: `test-${randomUUID()}`,
    JWT_SECRET: TEST_JWT_SECRET,
    ...env,
  });
  const node = await startApi(config, createLogger({ level: "silent", node: "api-1", name: "api" }));
  onTestFinished(() => node.stop("the test is over"));
  return `http://127.0.0.1:${node.port}`;
}

async function readiness(url: string): Promise<{ status: number; body: Readiness }> {
  const answer = await fetch(`${url}/readyz`);
  return { status: answer.status, body: (await answer.json()) as Readiness };
}

test("a node whose storage of files is away stays ready, says why, and chats go on", async () => {
  const place = path.join(folder, "not-mounted");
  await writeFile(place, "in the way");
  const url = await start({ STORAGE_PATH: place });
  const { status, body } = await until(async () => {
    const answer = await readiness(url);
    return answer.body.ready && answer;
  }, "the database answers in time");
  expect([status, body.ready, body.dependencies.storage]).toEqual([
    200,
    true,
    { ok: false, detail: "EEXIST", required: false },
  ]);
  const metrics = await (await fetch(`${url}/metrics`)).text();
  expect(metrics).toMatch(/parley_dependency_up\{[^}]*dependency="storage"[^}]*\} 0/);
  const chat = await restClient(url, { userId: "ann" }).request("POST", "/v1/chat", {
    type: "direct",
    user_id: "bob",
  });
  expect(chat.status).toBe(201);
  await rm(place);
  await until(async () => (await readiness(url)).body.dependencies.storage?.ok, "the storage is back");
});

test("a node without files has no storage to be without", async () => {
  const { dependencies } = (await readiness(await start({}))).body;
  expect(Object.keys(dependencies).toSorted()).toEqual(["bus", "postgres", "redis"]);
});
