import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type ObjectStore, startObjectStore } from "@parley/testing";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { createHealth } from "../health.js";
import { openLocalStorage } from "./local-storage.js";
import { openS3Storage } from "./s3-storage.js";
import { createStorageCheck } from "./storage-check.js";

let folder: string;
let store: ObjectStore;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "parley-check-"));
  store = await startObjectStore();
});

afterAll(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

function openBucket(changes: { bucket?: string; secret?: string } = {}) {
  const { bucket = store.bucket, secret = store.keys.secret } = changes;
  return openS3Storage({
    bucket,
    prefix: `${randomUUID()}/`,
    region: "us-east-1",
    endpoint: store.url,
    credentials: { accessKeyId: store.keys.id, secretAccessKey: secret },
    pathStyle: true,
  });
}

describe("a storage works", () => {
  test("that is a folder, which is made when it is not there yet", async () => {
    await openLocalStorage(folder).check();
    await openLocalStorage(path.join(folder, "new", "one")).check();
  });

  test("that is a bucket, empty or not", async () => {
    const storage = openBucket();
    await storage.check();
    await storage.put("one", [Buffer.from("x")] as never);
    await storage.check();
    storage.close();
  });
});

describe("a storage does not work, and the reason names no address and no key", () => {
  test("that is a file, or lies below one", async () => {
    const file = path.join(folder, "file");
    await writeFile(file, "x");
    for (const [root, code] of [
      [file, "EEXIST"],
      [path.join(file, "below"), "ENOTDIR"],
    ] as const) {
      await expect(openLocalStorage(root).check()).rejects.toMatchObject({ code });
    }
  });

  test("whose bucket is not there, refuses the key, fails, or can't be reached", async () => {
    const reasonOf = async (storage = openBucket()) => {
      const health = createHealth({ storage: { check: () => storage.check(), required: false } }, SLOWLY);
      const { ready, dependencies } = await health.ready();
      storage.close();
      return [ready, dependencies.storage?.ok, dependencies.storage?.detail];
    };
    expect(await reasonOf(openBucket({ bucket: "another" }))).toEqual([true, false, "NoSuchBucket"]);
    expect(await reasonOf(openBucket({ secret: "wrong" }))).toEqual([true, false, "SignatureDoesNotMatch"]);
    store.fail(500);
    expect(await reasonOf()).toEqual([true, false, "InternalError"]);
    store.fail(0);
    expect(await reasonOf()).toEqual([true, false, "ECONNRESET"]);
    store.fail(undefined);
    expect(await reasonOf()).toEqual([true, true, undefined]);
  });
});

/** The driver tries a few times before it says that a store fails. */
const SLOWLY = { timeoutMs: 60_000 };

describe("the check", () => {
  test("has one look under way at a time, however long it takes", async () => {
    let looks = 0;
    let answer: (() => void) | undefined;
    const storage = {
      check: () => {
        looks++;
        return new Promise<void>((resolve) => {
          answer = resolve;
        });
      },
    };
    const check = createStorageCheck(storage, { keptMs: 0 });
    const first = check();
    void check();
    void check();
    expect(looks).toBe(1);
    answer?.();
    await first;
    void check();
    expect(looks).toBe(2);
    answer?.();
  });

  test("keeps what it saw for a while: works for longer than does not work", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    onTestFinished(() => void vi.useRealTimers());
    let looks = 0;
    let isBroken = true;
    const storage = {
      check: async () => {
        looks++;
        if (isBroken) throw new Error("broken");
      },
    };
    const check = createStorageCheck(storage, { keptMs: 3_600_000, failureKeptMs: 50 });
    await expect(check()).rejects.toThrow("broken");
    await expect(check()).rejects.toThrow("broken");
    vi.advanceTimersByTime(49);
    await expect(check()).rejects.toThrow("broken");
    expect(looks).toBe(1);
    isBroken = false;
    vi.advanceTimersByTime(1);
    await check();
    expect(looks).toBe(2);
    isBroken = true;
    vi.advanceTimersByTime(3_599_999);
    await check();
    expect(looks).toBe(2);
    vi.advanceTimersByTime(1);
    await expect(check()).rejects.toThrow("broken");
  });
});
