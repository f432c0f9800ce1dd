import { type NodeReport, QUEUE_NAMES } from "@parley/contracts";
import { DIALECTS, type Dialect, type DialectPorts } from "@parley/dialects";
import {
  closeEngine,
  type Engine,
  type FileStore,
  openEngine,
  pingDatabase,
  readAccess,
} from "@parley/engine";
import {
  connectRedis,
  createHealth,
  createLogger,
  createMetrics,
  createRateLimiter,
  type Logger,
  openJobDesk,
  parseConfig,
  type Redis,
  ReportBoard,
  whenReady,
} from "@parley/platform";
import type { Express } from "express";
import { createQueueBoard } from "../admin/queue-board.js";
import { AccessList } from "../auth/access-list.js";
import { createAuthenticators } from "../auth/create-authenticators.js";
import { signToken } from "../auth/sign-token.js";
import { type ApiConfig, apiConfigSchema } from "../config.js";
import { createHttpApp } from "../http/create-http-app.js";
import { openFileStore } from "../open-file-store.js";
import { createOperations } from "../operations/operations.js";
import { sendCounted } from "../send-counted.js";

export interface TestApiOptions {
  databaseUrl: string;
  redisUrl: string;
  env?: Record<string, string>;
  dialects?: readonly Dialect[];
  /** Instead of what the environment says. */
  files?: FileStore;
  /** Where the page of the queues looks for Redis, instead of where everything else does. */
  boardRedisUrl?: string;
}

/** The HTTP side of one node, for tests: real engine, real limits, a log that can be read. */
export interface TestApi {
  app: Express;
  engine: Engine;
  logLines: Array<Record<string, unknown>>;
  /** An `Authorization` header's value. */
  bearer(userId: string, role?: string): string;
  /** Reads whose access has changed, as a node does when another one says so. */
  refreshAccess(): Promise<void>;
  metricsText(): Promise<string>;
  close(): Promise<void>;
}

const SECRET = "a-secret-for-tests-that-is-long-enough";
const PATIENCE_MS = 20_000;

/** Opens the HTTP side over a migrated database. */
export async function openTestApi(options: TestApiOptions): Promise<TestApi> {
  const { databaseUrl, redisUrl, dialects = DIALECTS } = options;
  const config = configOf(options);
  const { log, logLines } = createReadableLog();
  const redis = await connectPatiently(redisUrl, log);
  const files = options.files ?? (await openFileStore(config, log));
  const mutedUntil = (userId: string) => access.mutedUntil(userId);
  const engine = openEngine({ databaseUrl, poolSize: 5, publish: () => undefined, mutedUntil, log, files });
  const access = new AccessList({ readAccess: (since) => readAccess(engine, since), log });
  const metrics = createMetrics({ node: "test", process: "api" });
  const limiter = createRateLimiter({ redis, log, prefix: config.REDIS_PREFIX, patienceMs: PATIENCE_MS });
  const { operations, desk } = openTestOperations({ config, redis, log });
  const board = createQueueBoard({ ...config, ...boardRedis(options) }, log);
  const app = createHttpApp({
    engine,
    ...createAuthenticators(config, { access, log }),
    limiter,
    config,
    log,
    metrics,
    dialects,
    ports: { send: (input) => sendCounted({ engine, limiter, config }, input), ...nobodyIsThere },
    operations,
    health: createHealth({ postgres: () => pingDatabase(engine) }, { timeoutMs: PATIENCE_MS }),
    board,
  });
  return {
    app,
    engine,
    logLines,
    bearer: (userId, role = "user") =>
      `Bearer ${signToken({ secret: SECRET, userIdClaim: "sub" }, { userId, role, expires: "1h" })}`,
    refreshAccess: () => access.refresh(),
    metricsText: () => metrics.text(),
    close: async () => {
      board.close();
      redis.disconnect();
      await desk.close();
      await closeEngine(engine);
    },
  };
}

/** A node's own connection soon takes Redis for gone, and a machine that is only busy would make tests of what nodes share into others. */
async function connectPatiently(url: string, log: Logger): Promise<Redis> {
  const redis = connectRedis({ url, role: "queue-worker", log });
  await whenReady(redis, PATIENCE_MS);
  return redis;
}

function configOf({ databaseUrl, redisUrl, env = {} }: TestApiOptions) {
  const least = { NODE_ENV: "test", DATABASE_URL: databaseUrl, REDIS_URL: redisUrl, JWT_SECRET: SECRET };
  return parseConfig(apiConfigSchema, { ...least, ...env });
}

function createReadableLog() {
  const logLines: Array<Record<string, unknown>> = [];
  const destination = { write: (line: string) => void logLines.push(JSON.parse(line)) };
  const log = createLogger({ level: "debug", node: "test", name: "api", destination });
  return { log, logLines };
}

function openTestOperations({ config, redis, log }: { config: ApiConfig; redis: Redis; log: Logger }) {
  const { REDIS_PREFIX: prefix, REDIS_URL: redisUrl } = config;
  const board = new ReportBoard({ redis, prefix: `${prefix}:{nodes}` });
  const desk = openJobDesk({ names: QUEUE_NAMES, redisUrl, prefix, log });
  const drain = () => undefined;
  return { operations: createOperations({ node: "test", board, desk, look: lookOfTest, drain }), desk };
}

const lookOfTest = async (): Promise<NodeReport> => ({
  kind: "api",
  version: "0.0.0",
  instance: "test",
  startedAt: new Date().toISOString(),
  draining: false,
  connections: 0,
  users: 0,
  loopLagP99Ms: 0,
  memoryBytes: 0,
  cpuPercent: 0,
  dependencies: {},
  troubles: [],
  slots: {},
});
const boardRedis = ({ boardRedisUrl: url }: TestApiOptions) => (url === undefined ? {} : { REDIS_URL: url });

/** Without sockets. */
const nobodyIsThere: Pick<DialectPorts, "readPresence" | "countVisitors"> = {
  readPresence: async (userIds) => userIds.map((userId) => ({ userId, status: "offline", lastSeen: null })),
  countVisitors: async (chatIds) => chatIds.map(() => 0),
};
