import type { Server } from "node:http";
import { closeEngine, openEngine, pingDatabase } from "@parley/engine";
import {
  connectRedis,
  createHealth,
  createMetrics,
  type Logger,
  openQueue,
  openWorker,
  type Running,
} from "@parley/platform";
import { createAuditMetrics } from "./audit-metrics.js";
import { createBatchOutbox } from "./batch-outbox.js";
import type { WorkerConfig } from "./config.js";
import type { JobContext } from "./jobs/job.js";
import { createJobRunner } from "./run-job.js";
import { keepSchedules, schedulesOf } from "./schedules.js";
import { createStatusServer } from "./status-server.js";

const QUEUE = "jobs";
const JOBS_AT_ONCE = 4;

/** A worker that runs, and where it answers probes. */
export interface WorkerNode extends Running {
  port: number;
}

/** Builds one worker, top to bottom, and starts it. The database must be migrated; Redis may come later. */
export async function startWorker(config: WorkerConfig, log: Logger): Promise<WorkerNode> {
  const metrics = createMetrics({ node: config.NODE_NAME, process: "worker" });

  const publisher = connectRedis({ url: config.REDIS_URL, role: "publish", log });
  const publish = createBatchOutbox({
    redis: publisher,
    prefix: config.REDIS_PREFIX,
    onError: (error) =>
      log.warn({ err: error }, "The API nodes could not be told; clients catch up by themselves"),
  });
  const engine = openEngine({
    databaseUrl: config.DATABASE_URL,
    schema: config.DATABASE_SCHEMA,
    poolSize: config.DATABASE_POOL_SIZE,
    // Nobody is connected to a worker: the API nodes deliver what its jobs bring about.
    publish,
    log,
  });

  // The queue, what is asked of it by the clock, and who does it.
  const connection = { name: QUEUE, redisUrl: config.REDIS_URL, prefix: config.REDIS_PREFIX, log };
  const queue = openQueue(connection);
  const context: JobContext = { engine, log, audit: createAuditMetrics(metrics) };
  const run = createJobRunner(context, metrics);

  const health = createHealth({
    postgres: () => pingDatabase(engine),
    redis: async () => void (await queue.counts()),
  });
  const server = createStatusServer({ health, metrics, log });
  const port = await listen(server, config);

  const worker = openWorker({ ...connection, concurrency: JOBS_AT_ONCE, run });
  const endSchedules = keepSchedules({ queue, log }, schedulesOf(config));
  log.info({ port }, "The worker runs");

  return {
    port,
    stop: async () => {
      health.setDraining();
      endSchedules();
      await worker.close();
      await queue.close();
      await closeEngine(engine);
      publisher.disconnect();
      await close(server);
    },
  };
}

/** First of all that lasts, so that a taken port leaves nothing behind that keeps the process alive. */
function listen(server: Server, { HOST, PORT }: WorkerConfig): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(PORT, HOST, () => {
      const address = server.address();
      resolve(typeof address === "object" && address ? address.port : PORT);
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
