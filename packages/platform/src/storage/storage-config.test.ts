import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { startObjectStore } from "@parley/testing";
import { expect, test } from "vitest";
import { z } from "zod";
import { openStorage, storageConfigFields } from "./storage-config.js";

const schema = z.object(storageConfigFields);

test("nothing is opened where nothing is configured", async () => {
  expect(await openStorage(schema.parse({}))).toBeUndefined();
});

test("a folder is opened, and a bucket under its prefix", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "parley-storage-"));
  const store = await startObjectStore();
  const bucket = schema.parse({
    S3_BUCKET: store.bucket,
    S3_ENDPOINT: store.url,
    S3_ACCESS_KEY_ID: store.keys.id,
    S3_SECRET_ACCESS_KEY: store.keys.secret,
    S3_PATH_STYLE: "true",
  });
  for (const config of [schema.parse({ STORAGE_PATH: folder }), bucket]) {
    const storage = await openStorage(config);
    await storage?.put("key", bytesOf("x"));
    const listed = [];
    for await (const { key } of storage?.list() ?? []) listed.push(key);
    expect(listed).toEqual(["key"]);
    storage?.close();
  }
  expect(store.objects()).toEqual(["parley/key"]);
  await store.close();
  await rm(folder, { recursive: true });
});

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}
