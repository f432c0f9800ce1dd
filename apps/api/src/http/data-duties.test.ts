import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { type OperationId, REST_CATALOGUE } from "@parley/contracts";
import { createChat, runDataTask, sendMessage } from "@parley/engine";
import {
  createTestDatabase,
  createTestStorage,
  type TestDatabase,
  type TestStorage,
  testRedisUrl,
  until,
} from "@parley/testing";
import request from "supertest";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openTestApi, type TestApi } from "../testing/open-test-api.js";
import { createRestCaller } from "../testing/rest-caller.js";

let database: TestDatabase;
let api: TestApi;
let storage: TestStorage;
const { call, refused, seen } = createRestCaller(({ method, path, as, role, query = {}, body }) => {
  const sent = request(api.app)
    [method](path)
    .query(query)
    .set("Authorization", api.bearer(as, role))
    .set("X-Request-Id", "request-of-the-test");
  return body === undefined ? sent : sent.send(body);
});

beforeAll(async () => {
  database = await createTestDatabase();
  storage = createTestStorage();
  api = await openTestApi({
    databaseUrl: database.url,
    redisUrl: testRedisUrl(),
    env: { REQUESTS_BURST: "10000", REQUESTS_PER_MINUTE: "100000" },
    files: { storage, maxBytes: 1_000, quotaBytes: 10_000 },
  });
});

afterAll(async () => {
  await api.close();
  await database.drop();
});

const root = { as: "root", role: "admin" };
/** What the worker does. */
const work = (taskId: string) =>
  runDataTask(api.engine, {
    taskId,
    goesOn: () => true,
    settleMs: 0,
    exportKeptMs: 3_600_000,
    forget: async () => 0,
  });

/** Tokens know whole seconds: one of the second of the erasure is an old one. */
const askAnew = (ask: () => request.Test) =>
  until(async () => ((answer) => answer.status === 200 && answer)(await ask()), "a new token is let in");

async function somebody() {
  const userId = `person-${randomUUID()}`;
  const actor = { userId, role: "user" };
  const { id: chatId } = await createChat(api.engine, {
    actor,
    request: { type: "direct", userId: `friend-${randomUUID()}` },
  });
  await sendMessage(api.engine, { actor, chatId, draft: { type: "text", content: "of mine" } });
  return { userId, chatId };
}

test("a person's data is gathered, watched and downloaded, by admins alone", async () => {
  const { userId } = await somebody();
  const { task } = await call("exportUser", { ...root, params: { user_id: userId } });
  expect(task).toMatchObject({ kind: "export", state: "waiting", user_id: userId, requested_by: "root" });
  const again = await call("exportUser", { ...root, params: { user_id: userId } });
  expect(again.task.id).toBe(task.id);
  await refused("downloadExport", { ...root, params: { task_id: task.id } }, "export_not_there");
  await work(task.id);
  const done = await call("getDataTask", { ...root, params: { task_id: task.id } });
  expect(done).toMatchObject({ state: "done", progress: 1, report: { rows: { messages: 1 } } });
  const tasks = await call("listDataTasks", {
    ...root,
    query: { user_id: userId, kind: "export", state: "done" },
  });
  expect(tasks).toEqual({ tasks: [done], next_cursor: null });
  expect((await call("listDataTasks", { ...root, query: { user_id: userId, kind: "erase" } })).tasks).toEqual(
    [],
  );

  const { body, headers } = await request(api.app)
    .get(`/v1/admin/tasks/${task.id}/download`)
    .set("Authorization", api.bearer("root", "admin"))
    .buffer()
    .parse((response, take) => {
      const chunks: Buffer[] = [];
      response
        .on("data", (chunk: Buffer) => chunks.push(chunk))
        .on("end", () => take(null, Buffer.concat(chunks)));
    })
    .expect(200);
  expect(headers["content-disposition"]).toContain(`export-${task.id}.tar`);
  expect(headers["content-disposition"]).toMatch(/^attachment/);
  expect(headers["cache-control"]).toBe("no-store");
  expect(
    execFileSync("tar", ["-xOf", "-", "messages/000001.ndjson"], { input: body as Buffer }).toString(),
  ).toContain("of mine");
  await call("downloadExport", { ...root, params: { task_id: task.id } });
  for (const id of ["exportUser", "eraseUser", "listDataTasks", "getDataTask", "downloadExport"] as const) {
    const params = { user_id: userId, task_id: task.id };
    const body = id === "eraseUser" ? { confirm: userId } : undefined;
    await refused(id, { as: userId, params, ...(body && { body }) }, "role_required");
    await refused(id, { as: "platform", role: "system", params, ...(body && { body }) }, "role_required");
  }
  await refused("getDataTask", { ...root, params: { task_id: randomUUID() } }, "task_not_found");
});

test("an erased person is out with every old token, and somebody new with a new one", async () => {
  const { userId, chatId } = await somebody();
  const old = api.bearer(userId);
  const ask = (authorization: string) =>
    request(api.app).get("/v1/chat/my-chats").set("Authorization", authorization);
  await ask(old).expect(200);
  const erase = { ...root, params: { user_id: userId } };
  await refused("eraseUser", { ...erase, body: { confirm: "somebody else" } }, "invalid_input");
  await call("holdUser", { ...root, params: { user_id: userId }, body: { held: true, reason: "case 1" } });
  const refusal = await call("eraseUser", { ...erase, body: { confirm: userId } });
  await work(refusal.task.id);
  expect(await call("getDataTask", { ...root, params: { task_id: refusal.task.id } })).toMatchObject({
    state: "refused",
    error: expect.stringContaining("legal_hold"),
  });
  await ask(old).expect(200);
  await call("holdUser", { ...root, params: { user_id: userId }, body: { held: false, reason: "over" } });

  const { task } = await call("eraseUser", { ...erase, body: { confirm: userId, reason: "request 7" } });
  await work(task.id);
  const done = await call("getDataTask", { ...root, params: { task_id: task.id } });
  expect(done).toMatchObject({ state: "done", report: { erased: { messages: 1, users: 1 } } });
  expect(done.user_id).toMatch(/^erased:/);
  await api.refreshAccess();
  await ask(old).expect(401, /token_revoked/);
  const { body } = await askAnew(() => ask(api.bearer(userId)));
  expect(body.chats).toEqual([]);
  await request(api.app).get(`/v1/chat/${chatId}`).set("Authorization", api.bearer(userId)).expect(404);
});

test("a block outlives an erasure, until it is lifted", async () => {
  const { userId } = await somebody();
  await call("blockUser", { ...root, params: { user_id: userId } });
  const { task } = await call("eraseUser", {
    ...root,
    params: { user_id: userId },
    body: { confirm: userId },
  });
  await work(task.id);
  await api.refreshAccess();
  const ask = () => request(api.app).get("/v1/chat/my-chats").set("Authorization", api.bearer(userId));
  await ask().expect(403, /user_blocked/);
  await call("unblockUser", { ...root, params: { user_id: userId } });
  await api.refreshAccess();
  await askAnew(ask);
});

test("the audit log says who did what, from where, and who was not let in", async () => {
  const { userId } = await somebody();
  await call("blockUser", { ...root, params: { user_id: userId } });
  await call("unblockUser", { ...root, params: { user_id: userId } });
  const { entries } = await call("listAuditEntries", { ...root, query: { subject: userId, limit: "1" } });
  expect(entries).toMatchObject([
    {
      ...{
        action: "user.unblocked",
        actor: { id: "root", role: "admin" },
        subject: { kind: "user", id: userId },
      },
      ...{
        request_id: "request-of-the-test",
        outcome: "done",
        address: expect.stringContaining("127.0.0.1"),
      },
    },
  ]);
  for (let tries = 0; tries < 30; tries++)
    await request(api.app).get("/v1/chat/my-chats").set("Authorization", "Bearer forged").expect(401);
  await request(api.app).get("/v1/chat/my-chats").expect(401);
  await api.engine.refusedLogins.flush();
  const logins = await call("listAuditEntries", { ...root, query: { action: "login.refused" } });
  expect(logins.entries).toMatchObject([
    { outcome: "refused", reason: "token_invalid", actor: null, detail: { count: 30 } },
    // Of the test before: an erased person's old token.
    ...logins.entries.slice(1).map(() => ({ outcome: "refused" })),
  ]);
  expect(logins.entries.map(({ reason }) => reason)).not.toContain("token_missing");
  await refused("listAuditEntries", { as: userId }, "role_required");
  await refused("listAuditEntries", { ...root, query: { from: "yesterday" } }, "invalid_input");
});

test("every call of data duties has been seen to work", () => {
  const own = Object.entries(REST_CATALOGUE).filter(([, { path }]) => DATA_DUTIES.test(path));
  expect(own).toHaveLength(7);
  expect(own.map(([id]) => id).filter((id) => !seen.has(id as OperationId))).toEqual([]);
});

const DATA_DUTIES = /^\/v1\/admin\/(tasks|audit|users\/\{user_id\}\/(export|erase|hold))/;
