import { Readable } from "node:stream";
import {
  createOldChat,
  createTestDatabase,
  createTestStorage,
  findTraces,
  liveWholeLife,
  openTestEngine,
  type TestDatabase,
  type TestEngine,
  type TestStorage,
  WHOLE_LIFE,
} from "@parley/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { archiveChat } from "../archive/archive-chat.js";
import { purgeChat } from "../archive/purge-chat.js";
import { setRetention } from "../archive/set-retention.js";
import { listAudit } from "../audit/list-audit.js";
import { verifyChats } from "../audit/verify-chats.js";
import { createChat } from "../chats/create-chat.js";
import { getDataTask } from "../data-tasks/read-tasks.js";
import { eraseUser, exportUser } from "../data-tasks/request-task.js";
import { runDataTask } from "../data-tasks/run-data-task.js";
import { listMembers } from "../members/list-members.js";
import { listMessages } from "../messages/list-messages.js";
import { sendMessage } from "../messages/send-message.js";
import { closeEngine } from "../open-engine.js";
import { updateOrder } from "../orders/update-order.js";
import { syncChanges } from "../sync/sync-changes.js";
import { readAccess } from "../users/read-access.js";
import { setHold } from "../users/set-hold.js";

const { userId: ID, name: NAME, words: WORDS } = WHOLE_LIFE;
const person = { userId: ID, role: "user" };
const bob = { userId: "bob", role: "user" };
const admin = { userId: "root", role: "admin" };
const platform = { userId: "system", role: "system" };

let database: TestDatabase;
let test: TestEngine;
let storage: TestStorage;

beforeEach(async () => {
  database = await createTestDatabase();
  storage = createTestStorage();
  test = openTestEngine(database.url, {
    files: { storage, maxBytes: 1_000_000, quotaBytes: 1_000_000 },
  });
});

afterEach(async () => {
  await closeEngine(test.engine);
  await database.drop();
});

const run = async <Row>(statement: string, values: unknown[] = []): Promise<Row[]> =>
  (await test.engine.database.pool.query(statement, values)).rows as Row[];
const traces = () =>
  findTraces(WORDS, {
    databaseUrl: database.url,
    objects: [...storage.objects].map(([key, { bytes }]) => [key, bytes] as const),
  });

/** Steps of one run; the next run goes on. */
async function finish(taskId: string, steps = Number.POSITIVE_INFINITY) {
  for (let runs = 0; runs < 100; runs++) {
    let left = steps;
    await runDataTask(test.engine, { taskId, ...TOOLS, goesOn: () => --left > 0 });
    const task = await getDataTask(test.engine, { actor: admin, taskId });
    if (task.state !== "running" && task.state !== "waiting") return task;
  }
  throw new Error("The task does not end");
}

const TOOLS = { goesOn: () => true, settleMs: 0, forget: async () => 0, exportKeptMs: 3_600_000 };

const erase = (actor = admin) =>
  eraseUser(test.engine, { actor, userId: ID, confirm: ID, reason: `asked by ${NAME}` });

/** A whole life, and an export of it. */
async function live() {
  const chats = await liveWholeLife(test.engine);
  await finish((await exportUser(test.engine, { actor: admin, userId: ID })).id);
  return chats;
}

/** What others see, as far as the person is not in it. */
async function history(chatId: string) {
  const pages = [];
  for (let afterSeq = 0; afterSeq < 1_300; afterSeq += 200) {
    const { messages } = await listMessages(test.engine, {
      actor: platform,
      chatId,
      limit: 200,
      position: { afterSeq },
    });
    pages.push(...messages);
  }
  return pages;
}

describe("erasing a person", () => {
  it("leaves no trace of them, and everything else", async () => {
    const chats = await live();
    const before = await traces();
    const foundIn = (word: string) => before.filter((trace) => trace.word === word).map(({ where }) => where);
    for (const word of WORDS) expect(foundIn(word), word).not.toEqual([]);
    expect(new Set(before.map(({ where }) => where))).toEqual(
      new Set([
        ...[
          "archive_segments",
          "audit_entries",
          "campaign_recipients",
          "chats",
          "commits",
          "data_tasks",
          "engagement_users",
          "files",
        ],
        ...[
          "file_usage",
          "members",
          "messages",
          "notification_settings",
          "notifications",
          "push_subscriptions",
        ],
        ...["reactions", "search_blocks", "storage", "user_access", "user_settings", "users"],
      ]),
    );
    const archivedBefore = await history(chats.archived);

    const task = await finish((await erase()).id);
    expect(task).toMatchObject({ state: "done", error: null, progress: 1 });
    expect(await traces()).toEqual([]);

    expect(task.userId).toMatch(/^erased:[0-9a-f]{16}$/);
    expect(task.report?.erased).toMatchObject({
      ...{ archived_messages: 350, users: 1, files: 1, notifications: 2, deliveries: 2, members: 5 },
      ...{ push_subscriptions: 1, notification_settings: 1, user_settings: 1, campaign_recipients: 1 },
    });
    await expectOthersUntouched(chats, { archivedBefore, pseudonym: task.userId });
  });

  it.each([1, 2, 3])("comes to the same when every run is cut off after %i steps", async (steps) => {
    await live();
    const task = await finish((await erase()).id, steps);
    expect(task.state).toBe("done");
    expect(await traces()).toEqual([]);
    expect((await verifyChats(test.engine, { limit: 100 })).faults).toEqual([]);
  });

  it("goes on after a failure in the middle, and gives up after the eighth", async () => {
    await live();
    const { id: taskId } = await erase();
    storage.failing = { error: new Error("no storage") };
    await runDataTask(test.engine, { taskId, ...TOOLS });
    expect(await run("SELECT FROM files WHERE uploader_id = $1", [ID])).toHaveLength(1);
    storage.failing = undefined;
    await run("UPDATE data_tasks SET lease_until = now() - interval '1 second'");
    expect((await finish(taskId)).state).toBe("done");
    expect(await traces()).toEqual([]);

    const { id: other } = await eraseUser(test.engine, {
      actor: admin,
      userId: "bob",
      confirm: "bob",
      reason: null,
    });
    for (let tries = 0; tries < 8; tries++) {
      await run("UPDATE data_tasks SET lease_until = now() - interval '1 second'");
      const forget = () => Promise.reject(new Error("no Redis"));
      await runDataTask(test.engine, { taskId: other, ...TOOLS, forget });
    }
    expect(await getDataTask(test.engine, { actor: admin, taskId: other })).toMatchObject({
      state: "failed",
      error: "internal: see the worker's log",
    });
  });

  it("keeps them out meanwhile, finds what was under way, and lets them begin anew", async () => {
    const { direct } = await live();
    const { id: taskId } = await erase();
    await runDataTask(test.engine, { taskId, ...TOOLS, settleMs: 3_600_000 });
    const blocked = async () => (await readAccess(test.engine, "0")).changed.filter((one) => one.blocked);
    expect(await blocked()).toMatchObject([{ userId: ID }]);
    // What was let in a moment before.
    const late = await createChat(test.engine, {
      actor: person,
      request: { type: "direct", userId: "carol" },
    });
    await sendMessage(test.engine, {
      actor: person,
      chatId: late.id,
      draft: { type: "text", content: "velleity, too late" },
    });
    await run(
      "UPDATE data_tasks SET lease_until = now() - interval '1 second', place = place || '{\"keptOutAt\": 0}' WHERE state = 'running'",
    );
    expect((await finish(taskId)).state).toBe("done");
    expect(await traces()).toEqual([]);
    const access = (await readAccess(test.engine, "0")).changed;
    expect(access).toMatchObject([
      {
        userId: expect.stringMatching(/^erased:[0-9a-f]{64}$/),
        blocked: false,
        revokedBeforeMs: expect.any(Number),
      },
    ]);
    const anew = await createChat(test.engine, { actor: person, request: { type: "direct", userId: "bob" } });
    expect(anew.id).not.toBe(direct);
    expect(await history(anew.id)).toEqual([]);
  });

  it("tells who is connected, and has who catches up begin anew", async () => {
    const { direct, message, archived } = await live();
    const dora = { userId: "dora", role: "user" };
    await createChat(test.engine, { actor: person, request: { type: "direct", userId: "dora" } });
    const { cursor: alone } = await syncChanges(test.engine, { actor: dora, limit: 200 });
    const { cursor } = await syncChanges(test.engine, { actor: bob, limit: 200 });
    const old = await syncChanges(test.engine, { actor: { userId: "alice", role: "user" }, limit: 200 });
    test.batches.length = 0;
    const { userId: pseudonym } = await finish((await erase()).id);
    const told = test.batches.flatMap(({ changes }) => changes).filter(({ chatId }) => chatId === direct);
    expect(told.map(({ body }) => body)).toMatchObject([
      { name: "message.updated", message: { id: message.id, content: "", senderId: pseudonym } },
      { name: "message.updated", message: { type: "system", metadata: { changed_by: pseudonym } } },
      { name: "member.removed", userId: ID },
      { name: "member.added", userId: pseudonym },
    ]);
    expect(told.map(({ rev }) => rev)).toEqual([1, 2, 3, 4].map((step) => (told[0]?.rev ?? 0) - 1 + step));
    expect(await syncChanges(test.engine, { actor: bob, cursor, limit: 200 })).toMatchObject({ reset: true });
    // Of a chat without an archive, in which nobody has written.
    expect(await syncChanges(test.engine, { actor: dora, cursor: alone, limit: 200 })).toMatchObject({
      reset: true,
    });
    const again = await syncChanges(test.engine, {
      actor: { userId: "alice", role: "user" },
      cursor: old.cursor,
      limit: 200,
    });
    expect(again).toMatchObject({ reset: true, chats: [{ id: archived }] });
  });

  it("is refused on legal hold, of the person or of a chat in which they wrote", async () => {
    const { archived, bobs } = await live();
    await setHold(test.engine, { actor: admin, userId: ID, held: true, reason: "case 1" });
    expect(await finish((await erase()).id)).toMatchObject({
      state: "refused",
      error: "legal_hold: the person is on legal hold",
    });
    expect((await purgeChat(test.engine, { chatId: archived, before: new Date() })).ended).toBe("legal_hold");
    await setHold(test.engine, { actor: admin, userId: ID, held: false, reason: "over" });
    const hold = (chatId: string, legalHold: boolean) =>
      setRetention(test.engine, { actor: admin, chatId, change: { legalHold } });
    // Only in its archive.
    await run("DELETE FROM messages WHERE chat_id = $1 AND sender_id = $2", [archived, ID]);
    const before = await traces();
    await hold(archived, true);
    expect(await finish((await erase()).id)).toMatchObject({
      state: "refused",
      error: expect.stringContaining(archived),
    });
    expect((await traces()).length).toBeGreaterThanOrEqual(before.length);
    expect((await readAccess(test.engine, "0")).changed.filter(({ blocked }) => blocked)).toEqual([]);
    await hold(archived, false);
    // Where they are, but wrote nothing.
    await hold(bobs, true);
    expect(await finish((await erase()).id)).toMatchObject({
      state: "refused",
      error: expect.stringContaining(bobs),
    });
  });

  it("keeps in the audit log what was done, under the pseudonym", async () => {
    await live();
    const task = await finish((await erase()).id);
    const { entries } = await listAudit(test.engine, { actor: admin, subjectId: task.userId, limit: 50 });
    expect(entries.map(({ action }) => action).sort()).toEqual(
      [
        ...["data.erased", "data.erasure_requested", "data.export_requested", "data.exported"],
        ...["user.blocked", "user.muted", "user.unblocked"],
      ].sort(),
    );
    expect(entries.find(({ action }) => action === "data.erasure_requested")?.reason).toBe("[erased]");
  });

  it("leaves nothing of an export that was being made meanwhile", async () => {
    await live();
    const { id: taskId } = await exportUser(test.engine, { actor: admin, userId: ID });
    const { put } = storage;
    let isGathered = false;
    storage.put = async (key, bytes) => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of bytes) chunks.push(chunk);
      storage.put = put;
      isGathered = key.startsWith(`export-${taskId}`) && Buffer.concat(chunks).includes("velleity");
      expect((await finish((await erase()).id)).state).toBe("done");
      await put(key, Readable.from(chunks));
    };
    await runDataTask(test.engine, { taskId, ...TOOLS });
    expect(isGathered).toBe(true);
    const task = await getDataTask(test.engine, { actor: admin, taskId });
    expect(task).toMatchObject({ state: "refused", expiresAt: null });
    expect([...storage.objects.keys()].filter((key) => key.startsWith("export-"))).toEqual([]);
    expect(await traces()).toEqual([]);
  });

  it("takes them out of what the platform says about orders that they deliver", async () => {
    await live();
    const { id, orderId } = await createChat(test.engine, {
      actor: platform,
      request: { type: "order", orderId: "delivered", userId: "bob", shopperId: ID },
    });
    const update = { status: "on its way", shopper: { id: ID, name: NAME }, eta: "12:30" };
    await updateOrder(test.engine, { actor: platform, orderId: orderId ?? "", update });
    const { userId: pseudonym } = await finish((await erase()).id);
    expect(await traces()).toEqual([]);
    const shopper = { id: pseudonym, name: "[erased]" };
    expect(await run('SELECT "order" FROM chats WHERE id = $1', [id])).toEqual([
      { order: { ...update, shopper } },
    ]);
  });

  it("leaves alone what the platform said where they never were, whatever they call themselves", async () => {
    const archived = await createOldChat(test.engine, { count: 300 });
    await archiveChat(test.engine, { chatId: archived, before: new Date() });
    await run("INSERT INTO users (id, name, role, updated_at) VALUES ($1, 'plain', 'user', now())", [ID]);
    const before = await history(archived);
    expect(before.filter(({ type, content }) => type === "system" && content === "plain")).not.toEqual([]);
    expect((await finish((await erase()).id)).state).toBe("done");
    expect(await history(archived)).toEqual(before);
  });

  it("does not take the platform for a person", async () => {
    const { direct } = await live();
    const before = await history(direct);
    const { userId } = platform;
    const asked = { actor: admin, userId, confirm: userId, reason: null };
    await expect(eraseUser(test.engine, asked)).rejects.toMatchObject({ code: "forbidden" });
    await expect(exportUser(test.engine, asked)).rejects.toMatchObject({ code: "forbidden" });
    expect(before.map(({ senderId }) => senderId)).toContain(userId);
    expect(await history(direct)).toEqual(before);
  });

  it("needs an admin, and the id once more", async () => {
    const refused = (request: object) =>
      expect(eraseUser(test.engine, { actor: admin, userId: ID, confirm: ID, reason: null, ...request }));
    await refused({ actor: person }).rejects.toMatchObject({ code: "role_required" });
    await refused({ actor: platform }).rejects.toMatchObject({ code: "role_required" });
    await refused({ confirm: "person" }).rejects.toMatchObject({ code: "invalid_input" });
    const [one, other] = [await erase(), await erase()];
    expect(other.id).toBe(one.id);
  });
});

type Chats = Awaited<ReturnType<typeof live>>;

async function expectOthersUntouched(
  chats: Chats,
  { archivedBefore, pseudonym }: { archivedBefore: Awaited<ReturnType<typeof history>>; pseudonym: string },
) {
  const { engine } = test;
  expect((await verifyChats(engine, { limit: 100 })).faults).toEqual([]);
  const archivedAfter = await history(chats.archived);
  expect(archivedAfter.map(({ seq }) => seq)).toEqual(archivedBefore.map(({ seq }) => seq));
  const strangers = (messages: typeof archivedBefore) =>
    messages
      .filter(({ senderId }) => senderId === "alice")
      .map(({ reactions: _, rev: __, ...message }) => message);
  expect(strangers(archivedAfter)).toEqual(strangers(archivedBefore));
  expect(strangers(archivedAfter).length).toBeGreaterThan(500);
  expect(archivedAfter[2]).toMatchObject({
    ...{ seq: 3, senderId: pseudonym, content: "", clientId: null, reactions: [] },
    deletedAt: expect.any(String),
  });
  const [quoted, answer] = await history(chats.direct);
  expect(quoted).toMatchObject({ id: chats.message.id, senderId: pseudonym, content: "", metadata: null });
  expect(answer).toMatchObject({ content: "Yes!", replyTo: chats.message.id, deletedAt: null });
  const [others] = await history(chats.bobs);
  expect(others).toMatchObject({
    content: "mine stays",
    reactions: [{ emoji: "👍", count: 1, userIds: ["bob"] }],
  });
  const members = async (chatId: string) =>
    (await listMembers(engine, { actor: platform, chatId })).map(({ userId }) => userId).sort();
  expect(await members(chats.direct)).toEqual(["bob", pseudonym].sort());
  expect(await members(chats.bobs)).toEqual(["bob", "carol"]);
  expect(await members(chats.open)).toEqual(["bob"]);
}
