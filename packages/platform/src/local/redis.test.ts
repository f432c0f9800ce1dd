import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Redis } from "ioredis";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startRedis } from "./redis.js";
import { isAlive } from "./running-process.js";
import { createThrowAwayFolder } from "./throw-away-folder.js";

const binaryDir = fileURLToPath(new URL("../../../../.parley/redis-program", import.meta.url));
let dataDir: string;

beforeEach(() => {
  dataDir = createThrowAwayFolder();
});

afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

test("one that was killed comes back empty at its old address, when nothing is kept on disk", async () => {
  const first = await startRedis({ dataDir, binaryDir, durable: false });
  await ask(first.url, (redis) => redis.set("kept", "no"));
  process.kill(first.pid, "SIGKILL");
  expect(await first.ended).toBe("SIGKILL");

  const second = await startRedis({ dataDir, binaryDir, durable: false, port: first.port });
  expect(second.url).toBe(first.url);
  expect(await ask(second.url, (redis) => redis.get("kept"))).toBeNull();
  await second.stop();
  expect(isAlive(second.pid)).toBe(false);
});

async function ask<Answer>(url: string, question: (redis: Redis) => Promise<Answer>): Promise<Answer> {
  const redis = new Redis(url);
  try {
    return await question(redis);
  } finally {
    redis.disconnect();
  }
}
