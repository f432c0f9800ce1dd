import { createHash, randomBytes, randomUUID } from "node:crypto";
import { mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { buffer } from "node:stream/consumers";
import { setImmediate as turn } from "node:timers/promises";
import { type ObjectStore, startObjectStore } from "@parley/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openLocalStorage } from "./local-storage.js";
import type { ObjectStorage } from "./object-storage.js";
import { openS3Storage } from "./s3-storage.js";

let folder: string;
let store: ObjectStore;
const storages = new Map<string, ObjectStorage>();
const PREFIX = `${randomUUID()}/`;

/** A store of another make to hold the driver against, where there is one: url, bucket, key, secret. */
const OTHER_STORE = process.env.PARLEY_TEST_S3?.split(",");
const DRIVERS = ["a folder", "a bucket", ...(OTHER_STORE ? ["another make's bucket"] : [])];

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "parley-storage-"));
  store = await startObjectStore();
  storages.set("a folder", openLocalStorage(folder));
  storages.set("a bucket", openBucket([store.url, store.bucket, store.keys.id, store.keys.secret]));
  if (OTHER_STORE) storages.set("another make's bucket", openBucket(OTHER_STORE));
});

afterAll(async () => {
  for (const storage of storages.values()) storage.close();
  await store.close();
  await rm(folder, { recursive: true });
});

describe.each(DRIVERS)("objects in %s", (driver) => {
  const storage = () => storages.get(driver) as ObjectStorage;

  test.each([0, 1, 100_000, 6_000_000, 17_000_001])("come back as they were, with %i bytes", async (size) => {
    const bytes = randomBytes(size);
    const key = `${randomUUID()}.size-${size}`;
    await storage().put(key, inChunks(bytes));
    expect((await read(storage(), key))?.equals(bytes)).toBe(true);
  });

  test("come back in part", async () => {
    const bytes = randomBytes(200_000);
    const key = randomUUID();
    await storage().put(key, inChunks(bytes));
    for (const [first, last] of [
      [0, 0],
      [5, 99_999],
      [199_999, 199_999],
    ] as const) {
      const part = await storage().get(key, { first, last });
      expect(part && (await buffer(part)).equals(bytes.subarray(first, last + 1))).toBe(true);
    }
  });

  test("are gone when they are deleted, once or twice, and are not there before", async () => {
    const key = randomUUID();
    expect(await storage().get(key)).toBeUndefined();
    await storage().put(key, inChunks(randomBytes(10)));
    expect((await read(storage(), key))?.length).toBe(10);
    await storage().delete(key);
    await storage().delete(key);
    expect(await storage().get(key)).toBeUndefined();
  });

  test.each([1_000, 12_000_000])("leave nothing when their bytes break off after %i", async (size) => {
    const key = randomUUID();
    const broken = (async function* () {
      yield* inChunks(randomBytes(size));
      throw new Error("the sender went away");
    })();
    await expect(storage().put(key, broken)).rejects.toThrow("the sender went away");
    expect(await storage().get(key)).toBeUndefined();
    expect((await keys(storage())).filter((one) => one.includes(key))).toEqual([]);
    expect(await storage().clearInterrupted(new Date(Date.now() + 3_600_000))).toBe(0);
  });

  test("are listed, all of them, with the time when they came", async () => {
    const mine = Array.from({ length: 8 }, () => `${randomUUID()}.listed`);
    const begun = Date.now() - 2_000;
    for (const key of mine) await storage().put(key, inChunks(Buffer.from(key)));
    const listed = new Map<string, Date>();
    for await (const { key, storedAt } of storage().list()) listed.set(key, storedAt);
    for (const key of mine) expect(listed.get(key)?.getTime()).toBeGreaterThan(begun);
  });

  test("are handed over as they come, and what is left of them can be left", async () => {
    const key = randomUUID();
    await storage().put(key, inChunks(randomBytes(3_000_000)));
    const bytes = await storage().get(key);
    for await (const chunk of bytes ?? []) {
      expect(chunk.length).toBeLessThan(200_000);
      break;
    }
    bytes?.destroy();
    expect((await read(storage(), key))?.length).toBe(3_000_000);
  });

  test.each(["../up", "a/b", "/etc/passwd", "", "a..b", "A", "a\0", ".hidden", "x~1"])(
    "have no name like %j",
    async (key) => {
      await expect(storage().put(key, inChunks(Buffer.from("x")))).rejects.toThrow("is no key");
      await expect(storage().get(key)).rejects.toThrow("is no key");
      await expect((async () => storage().delete(key))()).rejects.toThrow("is no key");
    },
  );
});

describe("a folder", () => {
  test("spreads objects over two levels, and is made when it is needed", async () => {
    const root = path.join(folder, "new", "one");
    const storage = openLocalStorage(root);
    expect(await keys(storage)).toEqual([]);
    const key = randomUUID();
    await storage.put(key, inChunks(Buffer.from("x")));
    const digest = createHash("sha256").update(key).digest("hex");
    expect(await readdir(path.join(root, digest.slice(0, 2), digest.slice(2, 4)))).toEqual([key]);
  });

  test("hides what is still being written, and clears what a crash has left of it", async () => {
    const root = path.join(folder, "crashed");
    const storage = openLocalStorage(root);
    await storage.put("whole", inChunks(Buffer.from("x")));
    let pass = () => {};
    const slow = storage.put(
      "slow",
      (async function* () {
        yield Buffer.from("x");
        await new Promise<void>((resolve) => {
          pass = resolve;
        });
      })(),
    );
    while ((await readdir(root, { recursive: true })).filter((name) => name.includes("slow~")).length === 0)
      await turn();
    expect(await keys(storage)).toEqual(["whole"]);
    const [home] = (await readdir(root, { recursive: true })).filter((name) => name.endsWith("whole"));
    const left = path.join(root, `${home}~0123456789abcdef`);
    await writeFile(left, "half");
    await utimes(left, new Date(0), new Date(0));
    expect(await storage.clearInterrupted(new Date(Date.now() - 3_600_000))).toBe(1);
    pass();
    await slow;
    expect((await keys(storage)).sort()).toEqual(["slow", "whole"]);
  });

  test("that can't be written to refuses, and says so", async () => {
    const file = path.join(folder, "a-file");
    await writeFile(file, "");
    await expect(openLocalStorage(file).put("key", inChunks(Buffer.from("x")))).rejects.toThrow(
      /ENOTDIR|EEXIST/,
    );
  });
});

describe("a bucket", () => {
  test("keeps to its prefix", async () => {
    await storages.get("a bucket")?.put("mine", inChunks(Buffer.from("x")));
    expect(store.objects()).toContain(`${PREFIX}mine`);
    const other = openBucket([store.url, store.bucket, store.keys.id, store.keys.secret], "elsewhere/");
    expect(await keys(other)).toEqual([]);
    expect(await other.get("mine")).toBeUndefined();
    other.close();
  });

  test("is not opened with a wrong key", async () => {
    const wrong = openBucket([store.url, store.bucket, store.keys.id, "guessed"]);
    await expect(wrong.put("key", inChunks(Buffer.from("x")))).rejects.toThrow("SignatureDoesNotMatch");
    wrong.close();
  });

  test("clears uploads that a crash has left", async () => {
    const storage = storages.get("a bucket") as ObjectStorage;
    let pass = () => {};
    const slow = storage.put(
      "left",
      (async function* () {
        yield* inChunks(randomBytes(11_000_000));
        await new Promise<void>((resolve) => {
          pass = resolve;
        });
      })(),
    );
    // A part of it that is still on its way may fail before it is let go on.
    const refused = expect(slow).rejects.toThrow();
    while (store.uploads().length === 0) await turn();
    expect(await storage.clearInterrupted(new Date(Date.now() - 3_600_000))).toBe(0);
    expect(await storage.clearInterrupted(new Date(Date.now() + 3_600_000))).toBe(1);
    pass();
    await refused;
    expect(store.uploads()).toEqual([]);
  });

  test.each([500, 507, 0])("that fails (%i) refuses, and leaves nothing", async (status) => {
    const storage = storages.get("a bucket") as ObjectStorage;
    store.fail(status);
    await expect(storage.put("failed", inChunks(randomBytes(1_000)))).rejects.toThrow();
    store.fail(undefined);
    expect(await storage.get("failed")).toBeUndefined();
  });
});

function openBucket(
  [url = "", bucket = "", accessKeyId = "", secretAccessKey = ""]: string[],
  prefix = PREFIX,
) {
  const credentials = { accessKeyId, secretAccessKey };
  return openS3Storage({ bucket, prefix, region: "us-east-1", endpoint: url, credentials, pathStyle: true });
}

async function* inChunks(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
}

async function read(storage: ObjectStorage, key: string): Promise<Buffer | undefined> {
  const bytes = await storage.get(key);
  return bytes && buffer(bytes);
}

async function keys(storage: ObjectStorage): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of storage.list()) found.push(key);
  return found;
}
