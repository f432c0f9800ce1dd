import { randomUUID } from "node:crypto";
import { createLogger, parseConfig } from "@parley/platform";
import {
  connectNative,
  connectRaw,
  createTestDatabase,
  restClient,
  TEST_JWT_SECRET,
  type TestDatabase,
  testRedisUrl,
  testToken,
  until,
} from "@parley/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ApiNode, startApi } from "../app.js";
import { apiConfigSchema } from "../config.js";

let database: TestDatabase;
const cluster = { REDIS_PREFIX: `test-${randomUUID()}` };

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(() => database.drop());

async function startNode(name: string): Promise<ApiNode & { url: string }> {
  const config = parseConfig(apiConfigSchema, {
    NODE_ENV: "test",
    HOST: "127.0.0.1",
    PORT: "0",
    NODE_NAME: name,
    DATABASE_URL: database.url,
    REDIS_URL: testRedisUrl(),
    JWT_SECRET: TEST_JWT_SECRET,
    ...cluster,
  });
  const node = await startApi(config, createLogger({ level: "silent", node: name, name: "api" }));
  return { ...node, url: `http://127.0.0.1:${node.port}` };
}

/** The value of the first series whose line begins so. */
async function read({ metrics }: ApiNode, start: string): Promise<number> {
  const line = (await metrics.text()).split("\n").find((one) => one.startsWith(start));
  return Number(line?.split(" ").at(-1));
}

test("a message counts as stored where it was sent, and as delivered wherever somebody hears it; ends count once each", async () => {
  const [one, other, idle] = [await startNode("api-1"), await startNode("api-2"), await startNode("api-3")];
  const rest = restClient(one.url, { userId: "ann" });
  const { body } = await rest.request<{ id: string }>("POST", "/v1/chat", { type: "direct", user_id: "ben" });
  const ann = await connectNative(one.url, { userId: "ann" });
  const ben = await connectNative(other.url, { userId: "ben" });
  const raw = await connectRaw(
    `${other.url}/ws/catchat?token=${testToken({ userId: "cleo", role: "user" })}`,
  );
  await until(async () => (await read(other, "parley_connections{")) === 2, "both are there");

  const sent = await ann.ask("send_message", { chatId: body.id, message: { content: "over a socket" } });
  expect(sent).toMatchObject({ ok: true });
  const path = `/v1/chat/${body.id}/messages`;
  expect((await rest.request("POST", path, { content: "over REST", type: "text" })).status).toBe(201);
  await until(() => ben.messages(body.id).length === 2, "ben has both");

  expect(await read(one, "parley_messages_stored_total{")).toBe(2);
  expect(await read(other, "parley_messages_stored_total{")).toBe(0);
  expect(await read(other, "parley_delivery_seconds_count{")).toBe(2);
  expect(await read(idle, "parley_delivery_seconds_count{")).toBe(0);
  const ended = (node: ApiNode) => read(node, 'parley_connections_ended_total{reason="draining"');
  expect(await ended(other)).toBe(0);
  await other.stop("the test is over");
  await raw.closed;
  expect(await ended(other)).toBe(2);
  // Who goes by themself was not ended.
  ann.close();
  await until(async () => (await read(one, "parley_connections{")) === 0, "ann has gone");
  await one.stop("the test is over");
  expect(await ended(one)).toBe(0);
  await idle.stop("the test is over");
});
