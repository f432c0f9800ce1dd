import { randomBytes, randomUUID } from "node:crypto";
import { type ErrorCode, filePath } from "@parley/contracts";
import {
  createTestDatabase,
  createTestStorage,
  openTestEngine,
  type TestDatabase,
  type TestEngine,
  type TestStorage,
  until,
} from "@parley/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createChat } from "../chats/create-chat.js";
import { removeMember } from "../members/remove-member.js";
import { deleteMessage } from "../messages/delete-message.js";
import { sendMessage } from "../messages/send-message.js";
import { closeEngine } from "../open-engine.js";
import { collectFiles } from "./collect-files.js";
import { listFiles } from "./list-files.js";
import { getFile, openFile } from "./open-file.js";
import { storeFile } from "./store-file.js";
import { sweepStorage } from "./sweep-storage.js";

const DAY_MS = 24 * 3_600_000;
const ANN = { userId: "ann", role: "user" };
const BEN = { userId: "ben", role: "user" };
const EVE = { userId: "eve", role: "user" };

let database: TestDatabase;
let opened: TestEngine;
let storage: TestStorage;
let chatId: string;

beforeAll(async () => {
  database = await createTestDatabase();
  storage = createTestStorage();
  opened = openTestEngine(database.url, { files: { storage, maxBytes: 1_000_000, quotaBytes: 100_000_000 } });
});

afterAll(async () => {
  await closeEngine(opened.engine);
  await database.drop();
});

beforeEach(async () => {
  storage.failing = undefined;
  await opened.engine.database.pool.query("DELETE FROM files");
  storage.objects.clear();
  chatId = await newChat();
});

describe("a message with a file", () => {
  test("names it by its path, says its real type, and keeps it", async () => {
    const file = await store();
    const draft = { content: "", type: "file" as const, attachmentType: "image/png" };
    const message = await send({
      ...draft,
      attachmentUrl: `https://chat.example.com${filePath(file.id)}?token=x`,
    });
    expect(message).toMatchObject({ attachmentUrl: filePath(file.id), attachmentType: file.mimeType });
    expect(
      (await getFile(opened.engine, { actor: BEN, name: { fileId: file.id } })).attachedAt,
    ).not.toBeNull();
    expect(await collectLater()).toEqual({ needed: 1, removed: 0, failed: 0 });
    // It has been looked at, and is not looked at again.
    expect(await collectLater()).toEqual({ needed: 0, removed: 0, failed: 0 });
    expect(storage.objects.has(file.id)).toBe(true);
  });

  test("may not have a file of another chat, nor one that is not there, nor one that is still coming", async () => {
    const elsewhere = await store({ chatId: await newChat() });
    for (const id of [elsewhere.id, randomUUID()]) {
      await refused(send({ content: "x", type: "file", attachmentUrl: filePath(id) }), "invalid_input");
    }
    let pass = () => {};
    let id = "";
    const bytes = (async function* () {
      yield Buffer.from("x");
      id = (await rows())[0]?.id ?? "";
      await new Promise<void>((resolve) => {
        pass = resolve;
      });
    })();
    const coming = storeFile(opened.engine, { actor: ANN, chatId, name: "x", bytes });
    while (id === "") await new Promise((resolve) => setImmediate(resolve));
    await refused(send({ content: "x", type: "file", attachmentUrl: filePath(id) }), "invalid_input");
    pass();
    expect((await coming).id).toBe(id);
    await send({ content: "x", type: "file", attachmentUrl: filePath(id) });
  });

  test("may have a file of another server that has such addresses, too", async () => {
    const attachmentUrl = `https://elsewhere.example${filePath(randomUUID())}`;
    expect(await send({ content: "x", type: "file", attachmentUrl })).toMatchObject({ attachmentUrl });
    const ours = await store({ chatId: await newChat() });
    const disguised = `https://elsewhere.example${filePath(ours.id)}`;
    await refused(send({ content: "x", type: "file", attachmentUrl: disguised }), "invalid_input");
  });

  test("tells an outsider nothing, and does nothing for them", async () => {
    const file = await store();
    for (const id of [file.id, randomUUID()]) {
      const draft = { content: "x", type: "file" as const, attachmentUrl: filePath(id) };
      await refused(sendMessage(opened.engine, { actor: EVE, chatId, draft }), "chat_not_found");
    }
    expect((await getFile(opened.engine, { actor: ANN, name: { fileId: file.id } })).attachedAt).toBeNull();
  });

  test("is answered again when it is sent again, even after it was deleted with its file", async () => {
    const file = await store();
    const draft = {
      content: "x",
      type: "file" as const,
      attachmentUrl: filePath(file.id),
      clientId: randomUUID(),
    };
    const original = await send(draft);
    expect((await send(draft)).id).toBe(original.id);
    expect((await send({ ...draft, attachmentUrl: `http://other.example${filePath(file.id)}` })).id).toBe(
      original.id,
    );
    await refused(send({ ...draft, content: "y" }), "client_id_reused");
    await deleteMessage(opened.engine, { actor: ANN, chatId, messageId: original.id });
    expect((await collectLater()).removed).toBe(1);
    expect(await send(draft)).toMatchObject({ id: original.id, deletedAt: expect.any(String) });
    await refused(send({ ...draft, clientId: randomUUID() }), "invalid_input");
  });
});

describe("a file goes", () => {
  test("when nobody sent it for a day, and not before", async () => {
    const file = await store();
    expect(await collect(DAY_MS - 60_000)).toEqual({ needed: 0, removed: 0, failed: 0 });
    expect(await collect(DAY_MS + 60_000)).toEqual({ needed: 0, removed: 1, failed: 0 });
    expect(storage.objects.size).toBe(0);
    expect(await rows()).toEqual([]);
    await refused(openFile(opened.engine, { actor: ANN, name: { fileId: file.id } }), "file_not_found");
    expect(await usage("ann")).toBe(0);
  });

  test("when its message was deleted, unless another one has it", async () => {
    const file = await store();
    const draft = { content: "x", type: "file" as const, attachmentUrl: filePath(file.id) };
    const [one, other] = [await send(draft), await send(draft)];
    await deleteMessage(opened.engine, { actor: ANN, chatId, messageId: one.id });
    expect(await collect(0)).toEqual({ needed: 0, removed: 0, failed: 0 });
    expect(await collect(120_000)).toEqual({ needed: 1, removed: 0, failed: 0 });
    await deleteMessage(opened.engine, { actor: ANN, chatId, messageId: other.id });
    expect(await collect(120_000)).toEqual({ needed: 0, removed: 1, failed: 0 });
    expect(storage.objects.size).toBe(0);
  });

  test("when the send that attached it was refused", async () => {
    const file = await store();
    const draft = {
      content: "x",
      type: "file" as const,
      attachmentUrl: filePath(file.id),
      replyTo: randomUUID(),
    };
    await refused(send(draft), "reply_to_not_found");
    expect(await collect(DAY_MS - 60_000)).toEqual({ needed: 0, removed: 0, failed: 0 });
    expect((await collectLater()).removed).toBe(1);
  });

  test("when its process died while it came", async () => {
    const id = randomUUID();
    await opened.engine.database.pool.query(
      `INSERT INTO files (id, chat_id, uploader_id, name, size, storage_key, check_at) VALUES ($1::uuid, $2, 'ann', 'x', 500, $1::text, now() + interval '1 hour')`,
      [id, chatId],
    );
    storage.objects.set(id, { bytes: Buffer.from("half"), storedAt: new Date() });
    expect(await usage("ann")).toBe(500);
    expect((await collect(0)).removed).toBe(0);
    expect((await collect(2 * 3_600_000)).removed).toBe(1);
    expect([storage.objects.size, await usage("ann")]).toEqual([0, 0]);
  });

  test("later, when the storage can't be reached, and is not given out meanwhile", async () => {
    const file = await store();
    storage.failing = { error: new Error("away") };
    expect(await collectLater()).toEqual({ needed: 0, removed: 0, failed: 1 });
    storage.failing = undefined;
    const draft = { content: "x", type: "file" as const, attachmentUrl: filePath(file.id) };
    await refused(send(draft), "invalid_input");
    await refused(getFile(opened.engine, { actor: ANN, name: { fileId: file.id } }), "file_not_found");
    expect((await listFiles(opened.engine, { actor: ANN, chatId, limit: 9 })).files).toEqual([]);
    expect((await collect(3 * DAY_MS)).removed).toBe(1);
    expect(storage.objects.size).toBe(0);
  });

  test("never from under a message that is being sent, whoever is first", async () => {
    const outcomes = new Set<string>();
    for (let round = 0; round < 30; round++) {
      const file = await store();
      await opened.engine.database.pool.query("UPDATE files SET check_at = now() WHERE id = $1", [file.id]);
      const [sent, collected] = await Promise.allSettled([
        send({ content: "x", type: "file", attachmentUrl: filePath(file.id) }),
        collectFiles(opened.engine),
      ]);
      expect(collected.status).toBe("fulfilled");
      expect(storage.objects.has(file.id)).toBe(sent.status === "fulfilled");
      outcomes.add(sent.status);
    }
    expect(outcomes.size).toBeGreaterThan(0);
  });

  test("once, when several workers look", async () => {
    for (let count = 0; count < 12; count++) await store();
    const results = await Promise.all([collectLater(), collectLater(), collectLater()]);
    expect(results.reduce((sum, { removed }) => sum + removed, 0)).toBe(12);
    expect(storage.objects.size).toBe(0);
  });
});

describe("the storage", () => {
  test("is swept of old objects that belong to no file, and of nothing else", async () => {
    const kept = await store();
    const old = { bytes: Buffer.from("x"), storedAt: new Date(Date.now() - 2 * DAY_MS) };
    storage.objects.set(kept.id, { ...old });
    const [lost, fresh] = [randomUUID(), randomUUID()];
    storage.objects.set(lost, old).set(`${lost}.thumbnail`, old).set("somebody-elses", old);
    storage.objects.set(fresh, { bytes: Buffer.from("x"), storedAt: new Date() });
    storage.interrupted = 3;
    expect(await sweepStorage(opened.engine, { olderThanMs: DAY_MS })).toEqual({
      removed: 2,
      interrupted: 3,
    });
    expect([...storage.objects.keys()].sort()).toEqual([kept.id, "somebody-elses", fresh].sort());
    storage.interrupted = 0;
  });

  test("is counted for each person, whatever happens to the chat", async () => {
    const before = await usage("ann");
    await store({ bytes: Buffer.alloc(1_000) });
    await store({ bytes: Buffer.alloc(234) });
    expect((await usage("ann")) - before).toBe(1_234);
    await opened.engine.database.pool.query("DELETE FROM chats WHERE id = $1", [chatId]);
    expect(await usage("ann")).toBe(before);
    const swept = await sweepStorage(opened.engine, { olderThanMs: -60_000 });
    expect([swept.removed, storage.objects.size]).toEqual([2, 0]);
  });
});

test("of two uploads at the same time, for which there is room only one by one, one is refused", async () => {
  const { pool } = opened.engine.database;
  const quota = 1_000;
  const files = { storage, maxBytes: quota, quotaBytes: quota };
  const other = openTestEngine(database.url, { files });
  const hal = { userId: "hal", role: "admin" };
  const upload = () =>
    storeFile(other.engine, {
      actor: hal,
      chatId,
      name: "a",
      bytes: once(Buffer.alloc(600)),
      expectedBytes: 600,
    });
  await pool.query("INSERT INTO file_usage (user_id, bytes) VALUES ('hal', 0)");
  const holder = await pool.connect();
  await holder.query("BEGIN");
  await holder.query("UPDATE file_usage SET bytes = bytes WHERE user_id = 'hal'");
  const uploads = Promise.allSettled([upload(), upload()]);
  await until(async () => {
    const waiting =
      "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    return (await pool.query(waiting)).rowCount === 2;
  }, "both wait for the row");
  await holder.query("COMMIT");
  holder.release();
  const outcomes = (await uploads).map(({ status }) => status).sort();
  expect([outcomes, await usage("hal")]).toEqual([["fulfilled", "rejected"], 600]);
  await closeEngine(other.engine);
});

test("whoever is removed while they upload is refused, and nothing stays", async () => {
  const bytes = (async function* () {
    yield Buffer.from("x");
    await removeMember(opened.engine, { actor: ANN, chatId, userId: "ben" });
    yield Buffer.from("y");
  })();
  await refused(storeFile(opened.engine, { actor: BEN, chatId, name: "x", bytes }), "chat_not_found");
  expect([await rows(), storage.objects.size, await usage("ben")]).toEqual([[], 0, 0]);
});

test("a picture is stored without facts when its reader knows none, and with a thumbnail when it does", async () => {
  const png = Buffer.from("89504e470d0a1a0a0000000d49484452", "hex");
  const read = { facts: undefined as { width: number; height: number; thumbnail: Buffer } | undefined };
  const pictures = { read: async () => read.facts };
  const files = { storage, maxBytes: 1_000, quotaBytes: 10_000, pictures };
  const other = openTestEngine(database.url, { files });
  const input = () => ({ actor: ANN, chatId, name: "a.png", bytes: once(png) });
  expect(await storeFile(other.engine, input())).toMatchObject({
    mimeType: "image/png",
    width: null,
    hasThumbnail: false,
  });
  read.facts = { width: 4, height: 3, thumbnail: Buffer.from("small") };
  const file = await storeFile(other.engine, input());
  expect(file).toMatchObject({ width: 4, height: 3, hasThumbnail: true });
  expect(storage.objects.get(`${file.id}.thumbnail`)?.bytes.toString()).toBe("small");
  expect((await collectLater()).removed).toBe(2);
  expect(storage.objects.size).toBe(0);
  await closeEngine(other.engine);
});

async function newChat(): Promise<string> {
  const members = { name: "files", memberIds: ["ben"] };
  return (await createChat(opened.engine, { actor: ANN, request: { type: "group", ...members } })).id;
}

function store({ chatId: into = chatId, bytes = randomBytes(100) } = {}) {
  return storeFile(opened.engine, {
    actor: ANN,
    chatId: into,
    name: "a.bin",
    bytes: once(bytes),
    expectedBytes: bytes.length,
  });
}

function send(draft: Parameters<typeof sendMessage>[1]["draft"]) {
  return sendMessage(opened.engine, { actor: ANN, chatId, draft });
}

function collect(laterMs: number) {
  return collectFiles(opened.engine, { now: new Date(Date.now() + laterMs) });
}

function collectLater() {
  return collect(2 * DAY_MS);
}

async function rows(): Promise<Array<{ id: string }>> {
  return (await opened.engine.database.pool.query("SELECT id FROM files WHERE chat_id = $1", [chatId])).rows;
}

async function usage(userId: string): Promise<number> {
  const { rows: found } = await opened.engine.database.pool.query(
    "SELECT bytes FROM file_usage WHERE user_id = $1",
    [userId],
  );
  return found[0]?.bytes ?? 0;
}

async function refused(work: Promise<unknown>, code: ErrorCode): Promise<void> {
  await expect(work).rejects.toMatchObject({ code });
}

async function* once(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield bytes;
}
