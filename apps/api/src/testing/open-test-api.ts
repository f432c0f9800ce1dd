import { DIALECTS, type Dialect } from "@parley/dialects";
import { closeEngine, type Engine, openEngine, pingDatabase } from "@parley/engine";
import {
  connectRedis,
  createHealth,
  createLogger,
  createMetrics,
  createRateLimiter,
  parseConfig,
  whenReady,
} from "@parley/platform";
import type { Express } from "express";
import { createAuthenticator } from "../auth/create-authenticator.js";
import { signToken } from "../auth/sign-token.js";
import { apiConfigSchema } from "../config.js";
import { createHttpApp } from "../http/create-http-app.js";
import { sendCounted } from "../send-counted.js";

export interface TestApiOptions {
  databaseUrl: string;
  redisUrl: string;
  env?: Record<string, string>;
  dialects?: readonly Dialect[];
}

/** The HTTP side of one node, for tests: real engine, real limits, a log that can be read. */
export interface TestApi {
  app: Express;
  engine: Engine;
  logLines: Array<Record<string, unknown>>;
  /** An `Authorization` header's value. */
  bearer(userId: string, role?: string): string;
  metricsText(): Promise<string>;
  close(): Promise<void>;
}

const SECRET = "a-secret-for-tests-that-is-long-enough";

/** Opens the HTTP side over a migrated database. */
export async function openTestApi(options: TestApiOptions): Promise<TestApi> {
  const { databaseUrl, redisUrl, env = {}, dialects = DIALECTS } = options;
  const config = parseConfig(apiConfigSchema, {
    NODE_ENV: "test",
    DATABASE_URL: databaseUrl,
    REDIS_URL: redisUrl,
    JWT_SECRET: SECRET,
    ...env,
  });
  const logLines: Array<Record<string, unknown>> = [];
  const destination = { write: (line: string) => void logLines.push(JSON.parse(line)) };
  const log = createLogger({ level: "debug", node: "test", name: "api", destination });
  const redis = connectRedis({ url: redisUrl, role: "cache", log });
  await whenReady(redis, 5000);
  const engine = openEngine({ databaseUrl, poolSize: 5, publish: () => undefined, log });
  const metrics = createMetrics({ node: "test", process: "api" });
  const limiter = createRateLimiter({ redis, log });
  const app = createHttpApp({
    engine,
    authenticator: createAuthenticator(config, log),
    limiter,
    config,
    log,
    metrics,
    dialects,
    ports: {
      send: (input) => sendCounted({ engine, limiter, config }, input),
      // Without sockets nobody is there.
      readPresence: async (userIds) =>
        userIds.map((userId) => ({ userId, status: "offline", lastSeen: null })),
    },
    health: createHealth({ postgres: () => pingDatabase(engine) }),
  });
  return {
    app,
    engine,
    logLines,
    bearer: (userId, role = "user") =>
      `Bearer ${signToken({ secret: SECRET, userIdClaim: "sub" }, { userId, role, expires: "1h" })}`,
    metricsText: () => metrics.text(),
    close: async () => {
      redis.disconnect();
      await closeEngine(engine);
    },
  };
}
