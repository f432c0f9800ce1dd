import { createServer, type Server as HttpServer } from "node:http";
import type { Batch, QueueName } from "@parley/contracts";
import { DIALECTS, type Dialect, type DialectPorts } from "@parley/dialects";
import { closeEngine, type Engine, pingDatabase, readAccess, tellMissingSettings } from "@parley/engine";
import {
  createHealth,
  createHealthMetrics,
  createMetrics,
  createRateLimiter,
  createStorageCheck,
  type Health,
  type JobDesk,
  type Logger,
  type Metrics,
  type ObjectStorage,
  type Running,
  startTracing,
  type Tracing,
} from "@parley/platform";
import { createQueueBoard, type QueueBoard } from "./admin/queue-board.js";
import { AccessList } from "./auth/access-list.js";
import { createAuthenticators } from "./auth/create-authenticators.js";
import { warnOfMissingProof } from "./auth/warn-of-missing-proof.js";
import type { ApiConfig } from "./config.js";
import { type ServerEnd, watchServer } from "./http/close-server.js";
import { createHttpApp } from "./http/create-http-app.js";
import { hardenServer } from "./http/harden-server.js";
import { ServedRequest } from "./http/served-request.js";
import { openApiEngine } from "./open-api-engine.js";
import { type ApiRedis, openRedis } from "./open-redis.js";
import { type OpenOperations, openOperations } from "./operations/open-operations.js";
import { type Realtime, startRealtime } from "./realtime/start-realtime.js";
import { sendCounted } from "./send-counted.js";

/** An API node that runs, where it listens, and what it counts, as its `/metrics` tells it. */
export interface ApiNode extends Running {
  port: number;
  metrics: Metrics;
}

/** Builds one API node, top to bottom, and starts to listen. The database must be migrated. */
export async function startApi(
  config: ApiConfig,
  log: Logger,
  { dialects }: { dialects: readonly Dialect[] } = { dialects: DIALECTS },
): Promise<ApiNode> {
  warnOfMissingProof(config, log);
  const traced = await startTracing(config, { name: "parley-api", node: config.NODE_NAME });
  const metrics = createMetrics({ node: config.NODE_NAME, process: "api" });
  const redis = await openRedis(config, log);
  const limiter = createRateLimiter({ redis: redis.cache, log, prefix: config.REDIS_PREFIX });
  const live = {
    redis: redis.cache,
    publish: (batch: Batch) => realtime.publish(batch),
    visitors: (chatId: string, userIds: readonly string[]) => realtime.findVisitors(chatId, userIds),
    mutedUntil: (userId: string) => access.mutedUntil(userId),
  };
  const { engine, desk, storage } = await openApiEngine(config, { log, metrics, ...live });

  const health = watchHealth({ engine, redis, storage, metrics, realtime: () => realtime });
  const access = new AccessList({ readAccess: (since) => readAccess(engine, since), log });
  await access.start();
  void tellMissingSettings(engine);
  const authenticators = createAuthenticators(config, { access, log });
  const ports: DialectPorts = {
    send: (input) => sendCounted({ engine, limiter, config }, input),
    readPresence: (userIds) => realtime.readPresence(userIds),
    countVisitors: (chatIds) => realtime.countVisitors(chatIds),
  };
  const shared = { engine, ...authenticators, limiter, config, log, metrics, dialects, ports };
  const own = { redis: redis.cache, desk, health, realtime: () => realtime };
  const operating = openOperations({ ...shared, ...own });
  const board = createQueueBoard(config, log);
  const http = createHttpApp({ ...shared, operations: operating.operations, health, board });
  const httpServer = createServer({ IncomingMessage: ServedRequest }, http);
  hardenServer(httpServer);
  const serverEnd = watchServer(httpServer);
  const realtime: Realtime = startRealtime(httpServer, { ...shared, access, redis });

  const port = await listen(httpServer, config);
  operating.start();
  log.info({ port }, "the node serves");
  return {
    port,
    metrics,
    stop: () =>
      stopApi({ log, health, realtime, serverEnd, operating, access, engine, desk, board, redis, traced }),
  };
}

function watchHealth(parts: {
  engine: Engine;
  redis: ApiRedis;
  storage: ObjectStorage | undefined;
  metrics: Metrics;
  realtime: () => Realtime;
}): Health {
  const { engine, redis, storage, metrics, realtime } = parts;
  const health = createHealth({
    postgres: { check: () => pingDatabase(engine), required: true },
    // Without Redis a node still stores, answers, and delivers to its own connections.
    redis: { check: () => redis.ping(), required: false },
    bus: { check: () => busCheck(realtime()), required: false },
    // Chats go on without files.
    ...(storage && { storage: { check: createStorageCheck(storage), required: false } }),
  });
  createHealthMetrics(metrics, health);
  return health;
}

interface Parts {
  log: Logger;
  health: Health;
  realtime: Realtime;
  serverEnd: ServerEnd;
  operating: OpenOperations;
  access: AccessList;
  engine: Engine;
  desk: JobDesk<QueueName>;
  board: QueueBoard;
  redis: ApiRedis;
  traced: Tracing;
}

/** Drains: not ready, no new connections, everyone sent away with a hint, what was accepted is stored, then all is closed. */
async function stopApi(parts: Parts): Promise<void> {
  const { log, health, realtime, serverEnd, operating, access, engine, desk, board, redis, traced } = parts;
  log.info({ connections: realtime.counts().connections }, "the node drains");
  health.setDraining();
  serverEnd.stopListening();
  await realtime.drain();
  await serverEnd.close();
  await realtime.close();
  await operating.close();
  access.close();
  await closeEngine(engine);
  await desk.close();
  board.close();
  redis.close();
  await traced.close();
  log.info({}, "the node has stopped");
}

async function busCheck(realtime: Realtime): Promise<string | undefined> {
  if (realtime.busState() === "ok") return undefined;
  throw new Error("a word sent through Redis does not come back; other nodes' news is read from Postgres");
}

function listen(server: HttpServer, config: ApiConfig): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(config.PORT, config.HOST, () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : config.PORT);
    });
  });
}
