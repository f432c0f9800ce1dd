import { randomUUID } from "node:crypto";
import {
  createOldChat,
  createTestStorage,
  openTestEngine,
  openTestNode,
  readRawRows,
  type TestNode,
} from "@parley/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { getDataTask } from "../data-tasks/read-tasks.js";
import { eraseUser } from "../data-tasks/request-task.js";
import { runDataTask } from "../data-tasks/run-data-task.js";
import { sweepStorage } from "../files/sweep-storage.js";
import { editMessage } from "../messages/edit-message.js";
import { listMessages } from "../messages/list-messages.js";
import { reactToMessage } from "../messages/react-to-message.js";
import { closeEngine } from "../open-engine.js";
import { inspectChat } from "../oversight/inspect-chat.js";
import { archiveChat } from "./archive-chat.js";
import { archiveStats } from "./archive-stats.js";
import { NEWEST_KEPT, SEGMENT_MESSAGES } from "./due-messages.js";
import { purgeChat } from "./purge-chat.js";
import { restoreChat } from "./restore-chat.js";
import { segmentsOf } from "./segments-of.js";

const alice = { userId: "alice", role: "user" };
const operator = { userId: "root", role: "admin" };
const before = new Date("2025-01-01");
const OLD = SEGMENT_MESSAGES + 10;

const storage = createTestStorage();
let test: TestNode;

beforeAll(async () => {
  const files = { storage, maxBytes: 1e6, quotaBytes: 1e6 };
  test = await openTestNode({ files, archiveStore: "files" });
});

afterAll(() => test.close());

beforeEach(() => {
  storage.failing = undefined;
  storage.objects.clear();
});

const newChat = () => createOldChat(test.engine, { count: NEWEST_KEPT + OLD });
const archive = (chatId: string) => archiveChat(test.engine, { chatId, before });
const read = (chatId: string, engine = test.engine) =>
  listMessages(engine, { actor: alice, chatId, limit: 100, position: { afterSeq: 0 } });
const keys = () => [...storage.objects.keys()];

it("segments in the storage of files are read, brought back and deleted like others", async () => {
  const chatId = await newChat();
  const [rows, page] = [await readRawRows(test.engine, chatId), await read(chatId)];
  const { rawBytes, storedBytes, messages } = await archive(chatId);
  expect(keys()).toHaveLength(2);
  const stored = [...storage.objects.values()].reduce((sum, { bytes }) => sum + bytes.length, 0);
  expect([messages, stored]).toEqual([OLD, storedBytes]);
  expect(await archiveStats(test.engine)).toMatchObject({ segments: 2, rawBytes, storedBytes });
  const shown = await inspectChat(test.engine, { actor: operator, chatId });
  expect(shown.archive).toEqual({ segments: 2, bytes: storedBytes });
  const { rows: inDatabase } = await test.engine.database.pool.query(
    "SELECT sum(octet_length(data))::int AS bytes FROM archive_segments",
  );
  expect(inDatabase).toEqual([{ bytes: 0 }]);
  expect(await read(chatId)).toEqual(page);
  await restoreChat(test.engine, { actor: operator, chatId });
  expect(await readRawRows(test.engine, chatId)).toEqual(rows);
  // Objects of what came back go with the sweep, as do those of transactions that failed; those in use stay.
  await archive(chatId);
  expect(keys()).toHaveLength(4);
  for (const object of storage.objects.values()) object.storedAt = new Date(0);
  expect(await sweepStorage(test.engine, { olderThanMs: 1 })).toMatchObject({ removed: 2 });
  expect(await read(chatId)).toEqual(page);
  await purgeChat(test.engine, { chatId, before });
  expect(keys()).toEqual([]);
});

it("an archived message that is edited comes back from there", async () => {
  const chatId = await newChat();
  const { messages } = await read(chatId);
  const message = messages.find(({ type, deletedAt }) => type === "text" && deletedAt === null);
  await archive(chatId);
  const edit = { actor: alice, chatId, messageId: message?.id ?? "", content: "changed" };
  expect(await editMessage(test.engine, edit)).toMatchObject({ content: "changed", seq: message?.seq });
});

describe("a segment that is rewritten just before it is read", () => {
  const rewritten = async () => {
    const chatId = await newChat();
    const shown = await read(chatId);
    await archive(chatId);
    // As an erasure does it: the bytes are put elsewhere, the row names that, the object of before goes.
    const get = vi.spyOn(storage, "get").mockImplementationOnce(async (old) => {
      const elsewhere = `archive-${randomUUID()}`;
      const bytes = storage.objects.get(old);
      if (bytes !== undefined) storage.objects.set(elsewhere, bytes);
      const { rowCount } = await test.engine.database.pool.query(
        "UPDATE archive_segments SET storage_key = $2 WHERE storage_key = $1",
        [old, elsewhere],
      );
      expect(rowCount).toBe(1);
      storage.objects.delete(old);
      return undefined;
    });
    onTestFinished(() => get.mockRestore());
    return { chatId, shown };
  };

  it("lets a message be edited", async () => {
    const { chatId, shown } = await rewritten();
    const message = shown.messages.find(({ type, deletedAt }) => type === "text" && deletedAt === null);
    const edit = { actor: alice, chatId, messageId: message?.id ?? "", content: "edited" };
    expect((await editMessage(test.engine, edit)).content).toBe("edited");
  });

  it("is read as it is now, in history and from end to end", async () => {
    const { chatId, shown } = await rewritten();
    expect(await read(chatId)).toEqual(shown);
    const again = await rewritten();
    const walked: string[] = [];
    for await (const { text } of segmentsOf(test.engine, again.chatId)) walked.push(text);
    expect(walked.join("")).toContain(again.shown.messages[0]?.id);
  });
});

it("history is whole although the chat is brought back while it is read", async () => {
  const chatId = await newChat();
  const shown = await read(chatId);
  await archive(chatId);
  const get = vi.spyOn(storage, "get").mockImplementationOnce(async () => {
    await restoreChat(test.engine, { actor: operator, chatId });
    return undefined;
  });
  onTestFinished(() => get.mockRestore());
  expect(await read(chatId)).toEqual(shown);
  expect(get.mock.calls.length).toBeGreaterThan(1);
});

it("what is missing or damaged is never shown, and says which segment it was", async () => {
  const chatId = await newChat();
  await archive(chatId);
  const [key = ""] = keys();
  const object = storage.objects.get(key);
  const refusal = (why: RegExp) => ({
    code: "archive_unreadable",
    cause: {
      message: expect.stringMatching(new RegExp(`${chatId} 1-500 \\(in the object ${key}\\).*${why.source}`)),
    },
  });
  storage.objects.set(key, { bytes: Buffer.from("damaged"), storedAt: new Date() });
  await expect(read(chatId)).rejects.toMatchObject(refusal(/./));
  storage.objects.delete(key);
  await expect(read(chatId)).rejects.toMatchObject(refusal(/missing/));
  await expect(restoreChat(test.engine, { actor: operator, chatId })).rejects.toMatchObject({
    code: "archive_unreadable",
  });
  const without = openTestEngine(test.databaseUrl);
  await expect(read(chatId, without.engine)).rejects.toMatchObject(refusal(/STORAGE_PATH/));
  await closeEngine(without.engine);
  if (object !== undefined) storage.objects.set(key, object);
  storage.failing = { error: new Error("away") };
  await expect(read(chatId)).rejects.toMatchObject({ code: "storage_unavailable" });
  storage.failing = undefined;
  expect((await read(chatId)).messages).toHaveLength(100);
});

it.each([
  { end: "deleted", inPostgres: "first" },
  { end: "brought back", inPostgres: "last" },
] as const)(
  "an object that is missing keeps no other segment from being $end",
  async ({ end, inPostgres }) => {
    const plain = openTestEngine(test.databaseUrl);
    onTestFinished(() => closeEngine(plain.engine));
    const chatId = await newChat();
    const first = inPostgres === "first" ? plain.engine : test.engine;
    const last = inPostgres === "first" ? test.engine : plain.engine;
    await archiveChat(first, { chatId, before, afterSegment: async () => false });
    await archiveChat(last, { chatId, before });
    const left = () =>
      test.run("SELECT first_seq AS first FROM archive_segments WHERE chat_id = $1", [chatId]);
    expect([(await left()).length, keys().length]).toEqual([2, 1]);
    storage.objects.clear();
    const act =
      end === "deleted"
        ? purgeChat(test.engine, { chatId, before })
        : restoreChat(test.engine, { actor: operator, chatId });
    await expect(act).rejects.toMatchObject({ code: "archive_unreadable" });
    expect(await left()).toEqual([{ first: inPostgres === "first" ? SEGMENT_MESSAGES + 1 : 1 }]);
  },
);

it("no row goes while its bytes are not safe", async () => {
  const chatId = await newChat();
  const rows = await readRawRows(test.engine, chatId);
  storage.failing = { error: new Error("full") };
  await expect(archive(chatId)).rejects.toMatchObject({ code: "storage_unavailable" });
  storage.failing = undefined;
  const put = storage.put;
  storage.put = async (key, bytes) => {
    await put(key, bytes);
    const object = storage.objects.get(key);
    object?.bytes.fill(0, 50, 60);
  };
  await expect(archive(chatId)).rejects.toMatchObject({ code: "archive_unreadable" });
  storage.put = put;
  expect(await readRawRows(test.engine, chatId)).toEqual(rows);
  expect((await archive(chatId)).messages).toBe(OLD);
});

it("keeps nothing locked while it waits for the storage", async () => {
  // Those of other tests have lost their objects.
  await test.run("DELETE FROM chats");
  const chatId = await newChat();
  let calls = 0;
  const { put, get } = storage;
  const look = async () => {
    calls++;
    await test.run("SELECT FROM chats FOR NO KEY UPDATE NOWAIT");
    await test.run("SELECT FROM archive_totals FOR UPDATE NOWAIT");
  };
  storage.put = (...input) => look().then(() => put(...input));
  storage.get = (...input) => look().then(() => get(...input));
  const needs = async (work: () => Promise<unknown>) => {
    const before = calls;
    await work();
    expect(calls).toBeGreaterThan(before);
  };
  try {
    await needs(() => archive(chatId));
    const [{ id = "" } = {}] = await test.run<{ id: string }>(
      "SELECT id FROM archived_messages WHERE chat_id = $1 ORDER BY seq DESC LIMIT 1",
      [chatId],
    );
    await needs(() =>
      reactToMessage(test.engine, { actor: alice, chatId, messageId: id, emoji: "🎈", remove: false }),
    );
    await needs(async () => {
      const ask = { actor: operator, userId: "bob", confirm: "bob", reason: null };
      const { id: taskId } = await eraseUser(test.engine, ask);
      const tools = { goesOn: () => true, settleMs: 0, exportKeptMs: 0, forget: async () => 0 };
      await runDataTask(test.engine, { taskId, ...tools });
      expect(await getDataTask(test.engine, { actor: operator, taskId })).toMatchObject({ state: "done" });
    });
    await needs(() => restoreChat(test.engine, { actor: operator, chatId }));
    await archive(chatId);
    await needs(() => purgeChat(test.engine, { chatId, before: new Date() }));
  } finally {
    Object.assign(storage, { put, get });
  }
});

it("makes a segment anew when its messages change before they are locked, and leaves no object behind", async () => {
  const chatId = await newChat();
  const { put } = storage;
  storage.put = async (...input) => {
    storage.put = put;
    await put(...input);
    await test.run("UPDATE messages SET content = 'changed meanwhile' WHERE chat_id = $1 AND seq = 7", [
      chatId,
    ]);
  };
  const rows = async () => (await readRawRows(test.engine, chatId)).length;
  expect(await archive(chatId)).toMatchObject({ messages: OLD, ended: "done" });
  expect([await rows(), keys().length]).toEqual([NEWEST_KEPT, 2]);
  const { messages } = await read(chatId);
  expect(messages.find(({ seq }) => seq === 7)?.content).toBe("changed meanwhile");
});

it("leaves a chat alone whose messages never stay as they are", async () => {
  const chatId = await newChat();
  const { put } = storage;
  storage.put = async (...input) => {
    await put(...input);
    await test.run("UPDATE messages SET content = content || '.' WHERE chat_id = $1 AND seq = 7", [chatId]);
  };
  expect(await archive(chatId)).toMatchObject({ messages: 0, ended: "busy" });
  storage.put = put;
  expect(keys()).toEqual([]);
});
