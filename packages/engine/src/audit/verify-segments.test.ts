import {
  createOldChat,
  createTestStorage,
  openTestEngine,
  openTestNode,
  type TestNode,
} from "@parley/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { archiveChat } from "../archive/archive-chat.js";
import { restoreChat } from "../archive/restore-chat.js";
import { closeEngine } from "../open-engine.js";
import { verifySegments } from "./verify-segments.js";

const storage = createTestStorage();
let test: TestNode;
let inFiles: string;
let inPostgres: string;

beforeAll(async () => {
  const files = { storage, maxBytes: 0, quotaBytes: 0 };
  test = await openTestNode({ files, archiveStore: "files" });
  const before = new Date("2025-01-01");
  const plain = openTestEngine(test.databaseUrl);
  inFiles = await createOldChat(test.engine, { count: 1_300 });
  inPostgres = await createOldChat(test.engine, { count: 800 });
  await archiveChat(test.engine, { chatId: inFiles, before });
  await archiveChat(plain.engine, { chatId: inPostgres, before });
  await closeEngine(plain.engine);
});

afterAll(() => test.close());

const segments = async () => (await test.run("SELECT FROM archive_segments")).length;

/** A whole round, of so many segments at a time. */
async function round(limit: number) {
  const faults: unknown[] = [];
  let checked = 0;
  for (let runs = 0; runs < 50; runs++) {
    const found = await verifySegments(test.engine, { limit });
    faults.push(...found.faults);
    checked += found.checked;
    if (found.isRoundOver) return { checked, faults };
  }
  throw new Error("The round does not end");
}

it("looks at every segment, a few at a time, and finds nothing where nothing is wrong", async () => {
  expect(await segments()).toBeGreaterThan(3);
  for (const limit of [1, 2, 100])
    expect(await round(limit)).toEqual({ checked: await segments(), faults: [] });
});

it("goes on where another worker ended", async () => {
  const other = openTestEngine(test.databaseUrl, { files: { storage, maxBytes: 0, quotaBytes: 0 } });
  const total = await segments();
  for (let place = 0; place < total; place++) {
    const { engine } = place % 2 === 0 ? test : other;
    expect(await verifySegments(engine, { limit: 1 })).toMatchObject({ checked: 1, isRoundOver: false });
  }
  await closeEngine(other.engine);
  expect(await verifySegments(test.engine, { limit: 1 })).toMatchObject({ checked: 0, isRoundOver: true });
});

it("finds an object that is missing, one that differs, and a row that does", async () => {
  const [first, second] = await test.run<{ key: string; seq: number }>(
    "SELECT storage_key AS key, first_seq AS seq FROM archive_segments WHERE storage_key IS NOT NULL ORDER BY last_seq",
  );
  const objects = new Map(storage.objects);
  storage.objects.delete(first?.key ?? "");
  const spoilt = Buffer.from(objects.get(second?.key ?? "")?.bytes ?? "");
  spoilt.writeUInt8(spoilt.readUInt8(100) ^ 1, 100);
  storage.objects.set(second?.key ?? "", { bytes: spoilt, storedAt: new Date() });
  await test.run("UPDATE archive_segments SET checksum = sha256('x') WHERE chat_id = $1 AND first_seq = 1", [
    inPostgres,
  ]);
  const { faults, checked } = await round(2);
  expect(checked).toBe(await segments());
  expect(faults).toHaveLength(3);
  expect(faults).toEqual(
    expect.arrayContaining([
      { chatId: inFiles, firstSeq: first?.seq, rule: "segment_missing" },
      { chatId: inFiles, firstSeq: second?.seq, rule: "segment_spoilt" },
      { chatId: inPostgres, firstSeq: 1, rule: "segment_spoilt" },
    ]),
  );
  for (const [key, object] of objects) storage.objects.set(key, object);
});

it("looks again, and not further, when the storage could not be asked", async () => {
  await round(100);
  storage.failing = { error: new Error("away") };
  const place = () => test.run("SELECT chat_id, last_seq FROM archive_checks");
  const before = await place();
  await expect(verifySegments(test.engine, { limit: 100 })).rejects.toMatchObject({
    code: "storage_unavailable",
  });
  expect(await place()).toEqual(before);
  storage.failing = undefined;
});

it("goes on past an object that can't be read though others can, and reports it", async () => {
  await test.run("DELETE FROM chats WHERE id = $1", [inPostgres]);
  await round(100);
  const [first] = await test.run<{ key: string; seq: number }>(
    "SELECT storage_key AS key, first_seq AS seq FROM archive_segments WHERE storage_key IS NOT NULL ORDER BY last_seq",
  );
  const { get } = storage;
  let asked = 0;
  storage.get = async (key, range) => {
    if (key !== first?.key) return get(key, range);
    asked++;
    throw new Error("EIO: i/o error, read");
  };
  for (const limit of [1, 100]) {
    asked = 0;
    const { faults, checked } = await round(limit);
    expect(checked).toBe(await segments());
    expect(faults).toEqual([{ chatId: inFiles, firstSeq: first?.seq, rule: "segment_spoilt" }]);
    expect(asked).toBe(2);
  }
  storage.get = async (key, range) => {
    if (key === first?.key && asked++ === 0) throw new Error("reset by peer");
    return get(key, range);
  };
  asked = 0;
  expect((await round(100)).faults).toEqual([]);
  expect(asked).toBe(2);
  storage.get = get;
});

it("takes what is brought back in that moment for no fault", async () => {
  await round(100);
  const { get } = storage;
  storage.get = async (key, range) => {
    storage.get = get;
    await restoreChat(test.engine, { actor: { userId: "root", role: "admin" }, chatId: inFiles });
    storage.objects.delete(key);
    return get(key, range);
  };
  expect(await verifySegments(test.engine, { limit: 100 })).toMatchObject({ checked: 0, faults: [] });
});

it("says what it can't look at without the storage", async () => {
  await archiveChat(test.engine, { chatId: inFiles, before: new Date("2025-01-01") });
  const count = await segments();
  // What was brought back is set never to be archived again, but on demand.
  expect(count).toBeGreaterThan(0);
  const without = openTestEngine(test.databaseUrl);
  expect(await verifySegments(without.engine, { limit: 100 })).toMatchObject({
    ...{ checked: 0, elsewhere: count, faults: [] },
  });
  await closeEngine(without.engine);
});
