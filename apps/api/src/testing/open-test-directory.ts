import { randomUUID } from "node:crypto";
import { connectRedis, createLogger, createMetrics, type Redis, whenReady } from "@parley/platform";
import { MainServerDirectory } from "../users/main-server-directory.js";

export interface TestDirectory {
  directory: MainServerDirectory;
  redis: Redis;
  /** Values of the counter by result. */
  results(): Promise<Record<string, number>>;
  isUp(): Promise<boolean>;
  logLines: string[];
  close(): void;
}

export interface TestDirectoryOptions {
  url: string;
  token: string;
  redisUrl: string;
  clock: () => number;
  /** Nodes of one cluster have the same. */
  prefix?: string;
  timeoutMs?: number;
  /** Do not wait for a Redis that is not there. */
  withoutRedis?: boolean;
  /** As soon as a node does, take Redis for gone; else a machine that is only busy is waited for. */
  isHasty?: boolean;
}

const PATIENCE_MS = 20_000;

/** One node's main server client, for tests: a real Redis, numbers and lines that can be read. */
export async function openTestDirectory(options: TestDirectoryOptions): Promise<TestDirectory> {
  const { url, token, redisUrl, clock, prefix = `test-${randomUUID()}`, timeoutMs = 60_000 } = options;
  const logLines: string[] = [];
  const destination = { write: (line: string) => void logLines.push(line) };
  const log = createLogger({ level: "info", node: "test", name: "api", destination });
  const redis = connectRedis({ url: redisUrl, role: options.isHasty ? "cache" : "queue-worker", log });
  if (!options.withoutRedis) await whenReady(redis, PATIENCE_MS);
  const metrics = createMetrics({ node: "test", process: "api" });
  const patience = options.isHasty ? {} : { redisPatienceMs: PATIENCE_MS };
  const how = { url, token, redis, prefix, metrics, log, clock, timeoutMs, ...patience };
  const directory = new MainServerDirectory(how);
  return {
    directory,
    redis,
    logLines,
    results: async () => {
      const lines = (await metrics.text()).matchAll(
        /^parley_user_directory_answers_total\{.*result="(\w+)".*\} (\d+)$/gm,
      );
      return Object.fromEntries([...lines].map(([, result, value]) => [result, Number(value)]));
    },
    isUp: async () => /^parley_user_directory_up\{.*\} 1$/m.test(await metrics.text()),
    close: () => redis.disconnect(),
  };
}
