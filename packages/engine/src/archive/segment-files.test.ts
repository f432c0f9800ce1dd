import {
  createOldChat,
  createTestDatabase,
  createTestStorage,
  openTestEngine,
  readRawRows,
  type TestDatabase,
  type TestEngine,
} from "@parley/testing";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { sweepStorage } from "../files/sweep-storage.js";
import { editMessage } from "../messages/edit-message.js";
import { listMessages } from "../messages/list-messages.js";
import { closeEngine } from "../open-engine.js";
import { inspectChat } from "../oversight/inspect-chat.js";
import { archiveChat } from "./archive-chat.js";
import { archiveStats } from "./archive-stats.js";
import { NEWEST_KEPT, SEGMENT_MESSAGES } from "./due-messages.js";
import { purgeChat } from "./purge-chat.js";
import { restoreChat } from "./restore-chat.js";

const alice = { userId: "alice", role: "user" };
const operator = { userId: "root", role: "admin" };
const before = new Date("2025-01-01");
const OLD = SEGMENT_MESSAGES + 10;

const storage = createTestStorage();
let database: TestDatabase;
let test: TestEngine;

beforeAll(async () => {
  database = await createTestDatabase();
  const files = { storage, maxBytes: 1e6, quotaBytes: 1e6 };
  test = openTestEngine(database.url, { files, archiveStore: "files" });
});

afterAll(async () => {
  await closeEngine(test.engine);
  await database.drop();
});

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
  const without = openTestEngine(database.url);
  await expect(read(chatId, without.engine)).rejects.toMatchObject(refusal(/STORAGE_PATH/));
  await closeEngine(without.engine);
  if (object !== undefined) storage.objects.set(key, object);
  storage.failing = { error: new Error("away") };
  await expect(read(chatId)).rejects.toMatchObject({ code: "storage_unavailable" });
  storage.failing = undefined;
  expect((await read(chatId)).messages).toHaveLength(100);
});

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
