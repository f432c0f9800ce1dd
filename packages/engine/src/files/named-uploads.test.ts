import { randomBytes } from "node:crypto";
import {
  createTestDatabase,
  createTestStorage,
  openTestEngine,
  type TestDatabase,
  type TestEngine,
  type TestStorage,
  until,
} from "@parley/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { createChat } from "../chats/create-chat.js";
import { closeEngine } from "../open-engine.js";
import { storeFile } from "./store-file.js";

const ANN = { userId: "ann", role: "user" };
/** More than an integer of four bytes holds. */
const QUOTA = 10_000_000_000;
const BEN = { userId: "ben", role: "user" };

let database: TestDatabase;
let opened: TestEngine;
let storage: TestStorage;
let chatId: string;

beforeAll(async () => {
  database = await createTestDatabase();
  storage = createTestStorage();
  opened = openTestEngine(database.url, { files: { storage, maxBytes: 1_000, quotaBytes: QUOTA } });
});

afterAll(async () => {
  await closeEngine(opened.engine);
  await database.drop();
});

beforeEach(async () => {
  await opened.engine.database.pool.query("DELETE FROM files");
  storage.objects.clear();
  chatId = await newChat();
});

async function newChat(): Promise<string> {
  const request = { type: "group" as const, name: "files", memberIds: ["ben"] };
  return (await createChat(opened.engine, { actor: ANN, request })).id;
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

function upload(changes: Partial<Parameters<typeof storeFile>[1]> = {}) {
  const bytes = once(randomBytes(100));
  return storeFile(opened.engine, { actor: ANN, chatId, name: "a.bin", clientId: "u-1", bytes, ...changes });
}

async function bytesOf({ userId }: { userId: string }): Promise<number> {
  const { rows } = await opened.engine.database.pool.query<{ bytes: string }>(
    "SELECT bytes FROM file_usage WHERE user_id = $1",
    [userId],
  );
  return Number(rows[0]?.bytes ?? 0);
}

test("the same upload again is the first one's file, and is not read", async () => {
  const first = await upload();
  const unread = (async function* () {
    yield Buffer.from("x");
    throw new Error("it was read");
  })();
  expect(await upload({ bytes: unread })).toEqual(first);
  await opened.engine.database.pool.query("UPDATE chats SET status = 'closed' WHERE id = $1", [chatId]);
  expect(await upload({ bytes: unread })).toEqual(first);
  expect([...storage.objects.keys()]).toEqual([first.id]);
});

test("of several at the same time all answer with one file, and the others leave nothing", async () => {
  let come = 0;
  let allHaveCome = () => {};
  const all = new Promise<void>((resolve) => {
    allHaveCome = resolve;
  });
  const together = async function* () {
    yield randomBytes(100);
    if (++come === 3) allHaveCome();
    await all;
  };
  const files = await Promise.all([1, 2, 3].map(() => upload({ bytes: together() })));
  expect(new Set(files.map(({ id }) => id)).size).toBe(1);
  expect([...storage.objects.keys()]).toEqual([files[0]?.id]);
  expect(await bytesOf(ANN)).toBe(100);
});

test("a name is the sender's own, and the chat's", async () => {
  const files = [
    await upload(),
    await upload({ actor: BEN }),
    await upload({ chatId: await newChat() }),
    await upload({ clientId: "u-2" }),
    await upload({ clientId: undefined }),
    await upload({ clientId: undefined }),
  ];
  expect(new Set(files.map(({ id }) => id)).size).toBe(6);
});

describe("one whose twin was whole before it, and is deleted before it can be told", () => {
  afterEach(() => void vi.restoreAllMocks());

  /** Before each try to note a file, a twin of it is stored, and gone when the try has failed. */
  function twinsBefore({ tries }: { tries: number }) {
    const { pool } = opened.engine.database;
    const query = pool.query.bind(pool) as (...args: unknown[]) => Promise<unknown>;
    let seen = 0;
    const racing = async (...args: unknown[]) => {
      const { name } = args[0] as { name?: string };
      if (name !== "settle-file" || ++seen > tries) return query(...args);
      const twin = opened.engine.ids();
      await query(
        `INSERT INTO files (id, chat_id, uploader_id, name, size, storage_key, client_id, stored_at)
         VALUES ($1, $2, 'ann', 'twin', 1, 'twin', 'u-1', now())`,
        [twin, chatId],
      );
      try {
        return await query(...args);
      } finally {
        await query("DELETE FROM files WHERE id = $1", [twin]);
      }
    };
    vi.spyOn(pool, "query").mockImplementation(racing as typeof pool.query);
    return () => seen;
  }

  test("is stored itself", async () => {
    const seen = twinsBefore({ tries: 2 });
    const { id, size } = await upload();
    expect([size, seen(), [...storage.objects.keys()]]).toEqual([100, 3, [id]]);
    expect(await upload()).toMatchObject({ id });
  });

  test("is refused so that it can be tried again, and leaves nothing, when it happens again and again", async () => {
    const seen = twinsBefore({ tries: 3 });
    await expect(upload()).rejects.toMatchObject({ code: "overloaded" });
    expect([seen(), storage.objects.size, await bytesOf(ANN)]).toEqual([3, 0, 0]);
  });
});

describe("in a quota that is nearly full", () => {
  afterEach(() => void vi.restoreAllMocks());

  const UPLOAD = { name: "a.bin", expectedBytes: 100 };
  const put = (statement: string, values: unknown[]) => opened.engine.database.pool.query(statement, values);

  /** A stored file of Ann's, so that there is room for so many bytes. */
  async function leave(room: number, id = opened.engine.ids()) {
    await put(
      `INSERT INTO files (id, chat_id, uploader_id, name, size, storage_key, stored_at)
       VALUES ($1, $2, 'ann', 'old', $3, 'old', now())`,
      [id, chatId, QUOTA - (await bytesOf(ANN)) - room],
    );
  }

  /** An upload that is under way until it is told to end. */
  async function begin(changes: Parameters<typeof upload>[0] = {}) {
    let end = () => {};
    const told = new Promise<void>((resolve) => {
      end = resolve;
    });
    let come = () => {};
    const under = new Promise<void>((resolve) => {
      come = resolve;
    });
    const bytes = (async function* () {
      come();
      await told;
      yield randomBytes(100);
    })();
    const file = upload({ ...UPLOAD, ...changes, bytes });
    await Promise.race([under, file]);
    return { file, end };
  }

  const refused = { code: "file_quota_exceeded" };

  test("a repetition has the room of its first attempt, which is still under way", async () => {
    await leave(100);
    const first = await begin();
    const again = await upload(UPLOAD);
    await expect(upload({ ...UPLOAD, clientId: "u-2" })).rejects.toMatchObject(refused);
    first.end();
    expect(await first.file).toEqual(again);
    expect(await bytesOf(ANN)).toBe(QUOTA);
  });

  test("one whose file is deleted, and not gone yet, needs room beside it", async () => {
    await leave(100);
    const { id } = await upload(UPLOAD);
    await put("UPDATE files SET deleted_at = now() WHERE id = $1", [id]);
    await expect(upload(UPLOAD)).rejects.toMatchObject(refused);
    await put("DELETE FROM files WHERE id = $1", [id]);
    await upload(UPLOAD);
  });

  test("they leave others as much room as the largest of them does", async () => {
    await leave(500);
    const first = await begin();
    const larger = await begin({ expectedBytes: 300 });
    await expect(begin({ expectedBytes: 501 })).rejects.toMatchObject(refused);
    const other = await begin({ clientId: undefined, expectedBytes: 200 });
    for (const clientId of [undefined, "u-2"])
      await expect(begin({ clientId, expectedBytes: 1 })).rejects.toMatchObject(refused);
    await expect(begin({ chatId: await newChat(), expectedBytes: 1 })).rejects.toMatchObject(refused);
    for (const { end } of [first, larger, other]) end();
    const files = await Promise.all([first, larger, other].map(({ file }) => file));
    expect(new Set(files.map(({ id }) => id)).size).toBe(2);
    expect(await bytesOf(ANN)).toBe(QUOTA - 500 + 200);
  });

  test("one that is refused, because its twin is whole since and has the room, is answered with it", async () => {
    await leave(100);
    const { pool } = opened.engine.database;
    const query = pool.query.bind(pool) as (...args: unknown[]) => Promise<unknown>;
    let twin: Awaited<ReturnType<typeof upload>> | undefined;
    const racing = async (...args: unknown[]) => {
      if ((args[0] as { name?: string }).name === "reserve-file") {
        vi.restoreAllMocks();
        twin = await upload(UPLOAD);
      }
      return query(...args);
    };
    vi.spyOn(pool, "query").mockImplementation(racing as typeof pool.query);
    expect(await upload(UPLOAD)).toEqual(twin);
    expect(twin).toBeDefined();
  });

  test("the room of a first attempt that breaks off is not taken twice, whoever takes it first", async () => {
    await leave(100);
    const { pool } = opened.engine.database;
    const attempt = opened.engine.ids();
    await put(
      `INSERT INTO files (id, chat_id, uploader_id, name, size, storage_key, client_id)
       VALUES ($1, $2, 'ann', 'a', 100, 'a', 'u-1')`,
      [attempt, chatId],
    );
    const other = await pool.connect();
    const query = pool.query.bind(pool) as (...args: unknown[]) => Promise<unknown>;
    const racing = async (...args: unknown[]) => {
      const answer = await query(...args);
      if ((args[0] as { name?: string }).name === "reserve-file") {
        vi.restoreAllMocks();
        await other.query("BEGIN");
        await other.query("DELETE FROM files WHERE id = $1", [attempt]);
        await other.query(
          `INSERT INTO files (id, chat_id, uploader_id, name, size, storage_key)
           VALUES ($1, $2, 'ann', 'b', 100, 'b')`,
          [opened.engine.ids(), chatId],
        );
      }
      return answer;
    };
    vi.spyOn(pool, "query").mockImplementation(racing as typeof pool.query);
    const again = upload(UPLOAD);
    const failed = expect(again).rejects.toMatchObject(refused);
    const waits =
      "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    await until(async () => (await other.query(waits)).rows.length > 0, "it waits for the other one");
    await other.query("COMMIT");
    other.release();
    await failed;
    expect(await bytesOf(ANN)).toBe(QUOTA);
  });
});

test("one that broke off, or whose file is gone, begins anew", async () => {
  const broken = (async function* () {
    yield Buffer.from("x");
    throw new Error("broke off");
  })();
  await expect(upload({ bytes: broken })).rejects.toThrow("broke off");
  const first = await upload();
  await opened.engine.database.pool.query("UPDATE files SET deleted_at = now() WHERE id = $1", [first.id]);
  const second = await upload();
  expect(second.id).not.toBe(first.id);
  expect(await upload()).toEqual(second);
});
