import { randomBytes } from "node:crypto";
import {
  createTestDatabase,
  createTestStorage,
  openTestEngine,
  type TestDatabase,
  type TestEngine,
  type TestStorage,
} from "@parley/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { createChat } from "../chats/create-chat.js";
import { closeEngine } from "../open-engine.js";
import { storeFile } from "./store-file.js";

const ANN = { userId: "ann", role: "user" };
const BEN = { userId: "ben", role: "user" };

let database: TestDatabase;
let opened: TestEngine;
let storage: TestStorage;
let chatId: string;

beforeAll(async () => {
  database = await createTestDatabase();
  storage = createTestStorage();
  opened = openTestEngine(database.url, { files: { storage, maxBytes: 1_000, quotaBytes: 100_000 } });
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
