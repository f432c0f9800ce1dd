import { randomUUID } from "node:crypto";
import { type OperationId, REST_CATALOGUE } from "@parley/contracts";
import { runArchive, takeArchiveRun } from "@parley/engine";
import { createOldChat, createTestDatabase, type TestDatabase, testRedisUrl } from "@parley/testing";
import request from "supertest";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openTestApi, type TestApi } from "../testing/open-test-api.js";
import { createRestCaller } from "../testing/rest-caller.js";

const OLD = 50;
const policy = { archiveAfterDays: { order: 0, direct: 0, group: 0 }, purgeAfterDays: 0 };

let database: TestDatabase;
let api: TestApi;
const { call, refused, seen } = createRestCaller(({ method, path, as, role, query = {}, body }) => {
  const sent = request(api.app)[method](path).query(query).set("Authorization", api.bearer(as, role));
  return body === undefined ? sent : sent.send(body);
});

beforeAll(async () => {
  database = await createTestDatabase();
  const env = { REQUESTS_BURST: "10000", REQUESTS_PER_MINUTE: "100000" };
  api = await openTestApi({ databaseUrl: database.url, redisUrl: testRedisUrl(), env });
});

afterAll(async () => {
  await api.close();
  await database.drop();
});

const admin = { as: "root", role: "admin" };

async function carryOut(): Promise<void> {
  const run = await takeArchiveRun(api.engine);
  if (run !== undefined) await runArchive(api.engine, { run, policy, afterSegment: async () => true });
}

test("an operator archives a chat, brings it back, and deletes it, and sees what the runs did", async () => {
  const chatId = await createOldChat(api.engine, { count: 200 + OLD });
  const chat = { ...admin, params: { chat_id: chatId } };
  const { run } = await call("archiveChat", { ...chat, body: {} });
  expect(run).toMatchObject({ kind: "archive", state: "waiting", chat_id: chatId, requested_by: "root" });
  await carryOut();
  expect(await call("getChatArchive", chat)).toMatchObject({ messages: OLD, held: false });
  const archive = await call("getArchive", admin);
  expect(archive.totals).toMatchObject({ segments: 1, messages: OLD });
  expect(archive.totals.bytes_before).toBeGreaterThan(archive.totals.bytes_after);
  expect(archive.runs[0]).toMatchObject({ id: run.id, state: "done", messages: OLD, chats: 1, error: null });
  await call("restoreChat", chat);
  await carryOut();
  expect(await call("getChatArchive", chat)).toMatchObject({ messages: 0, retention_days: 0 });
  expect(await call("setChatRetention", { ...chat, body: { days: null } })).toMatchObject({
    retention_days: null,
  });
  await call("archiveChat", { ...chat, body: { before: "2030-01-01T00:00:00Z" } });
  await carryOut();
  await refused("purgeChat", { ...chat, body: { confirm: randomUUID() } }, "invalid_input");
  await call("purgeChat", { ...chat, body: { confirm: chatId } });
  await carryOut();
  expect(await call("getChatArchive", chat)).toMatchObject({ messages: 0, purged_seq: OLD });
  const { run: due } = await call("runArchive", admin);
  expect(due).toMatchObject({ kind: "requested", chat_id: null });
  await carryOut();
  expect((await call("getArchive", admin)).due).toMatchObject({ chats: 0, as_of: expect.any(String) });
});

test("a chat on legal hold is neither archived nor deleted", async () => {
  const chatId = await createOldChat(api.engine, { count: 200 + OLD });
  const chat = { ...admin, params: { chat_id: chatId } };
  expect(await call("setChatHold", { ...chat, body: { held: true, reason: "a dispute" } })).toMatchObject({
    held: true,
  });
  await refused("archiveChat", { ...chat, body: {} }, "chat_held");
  await refused("purgeChat", { ...chat, body: { confirm: chatId } }, "chat_held");
  await refused("setChatHold", { ...chat, body: { held: false } }, "invalid_input");
  await refused("setChatRetention", { ...chat, body: { days: -1 } }, "invalid_input");
  await call("setChatHold", { ...chat, body: { held: false, reason: "settled" } });
  await call("archiveChat", { ...chat, body: {} });
});

test("the archive is for admins alone, and every call has been seen", async () => {
  const chatId = await createOldChat(api.engine, { count: 1 });
  const operations = Object.entries(REST_CATALOGUE).filter(([id]) =>
    /Archive|Chat(Retention|Hold)|(archive|restore|purge)Chat/.test(id),
  );
  expect(operations).toHaveLength(8);
  for (const [id, operation] of operations) {
    expect(operation).toMatchObject({ roles: ["admin"] });
    const input = { params: { chat_id: chatId }, body: {} };
    for (const role of ["user", "system"]) {
      const path = operation.path.replace("{chat_id}", input.params.chat_id);
      const answer = await request(api.app)
        [operation.method](path)
        .set("Authorization", api.bearer("somebody", role));
      expect([id, answer.body.code]).toEqual([id, "role_required"]);
    }
  }
  expect(operations.map(([id]) => id).filter((id) => !seen.has(id as OperationId))).toEqual([]);
});
