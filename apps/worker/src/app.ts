import type { Server } from "node:http";
import { QUEUE_NAMES, type QueueName } from "@parley/contracts";
import {
  closeEngine,
  type Engine,
  loadTemplates,
  openEngine,
  pingDatabase,
  poolStats,
  type Templates,
  tellMissingSettings,
} from "@parley/engine";
import {
  connectRedis,
  createDatabaseMetrics,
  createHealth,
  createHealthMetrics,
  createMetrics,
  createStorageCheck,
  type Health,
  type JobDesk,
  type Logger,
  type Metrics,
  type ObjectStorage,
  openJobDesk,
  openStorage,
  type Redis,
  type Running,
  startTracing,
  tracing,
} from "@parley/platform";
import { retentionPolicyOf } from "./archive-config.js";
import { createArchiveMetrics } from "./archive-metrics.js";
import { createAuditMetrics } from "./audit-metrics.js";
import { createBatchOutbox } from "./batch-outbox.js";
import type { WorkerConfig } from "./config.js";
import { createEnqueue } from "./create-enqueue.js";
import { dataDutiesOf } from "./data-duties.js";
import { deliverPushes } from "./deliver-pushes.js";
import type { JobContext } from "./jobs/job.js";
import { openPush } from "./open-push.js";
import { OutcomeRecorder } from "./outcome-recorder.js";
import type { PushSender } from "./push/push-sender.js";
import { vapidSettings } from "./push-config.js";
import { createPushMetrics, type PushMetrics } from "./push-metrics.js";
import { createQueueMetrics } from "./queue-metrics.js";
import { createPresenceReader } from "./read-presence.js";
import { reportWorker } from "./report-worker.js";
import { createJobRunner } from "./run-job.js";
import { createSearchMetrics } from "./search-metrics.js";
import { startWork } from "./start-work.js";
import { createStatusServer } from "./status-server.js";

/** A worker that runs, and where it answers probes. */
export interface WorkerNode extends Running {
  port: number;
  /** What it counts, as its `/metrics` tells it. */
  metrics: Metrics;
}

/** Builds one worker, top to bottom, and starts it. The database must be migrated; Redis may come later. */
export async function startWorker(config: WorkerConfig, log: Logger): Promise<WorkerNode> {
  const traced = await startTracing(config, { name: "parley-worker", node: config.NODE_NAME });
  const folder = config.NOTIFICATION_TEMPLATES_DIR;
  const templates = folder === undefined ? undefined : await loadTemplates(folder);
  const metrics = createMetrics({ node: config.NODE_NAME, process: "worker" });
  const desk = openJobDesk({
    names: QUEUE_NAMES,
    redisUrl: config.REDIS_URL,
    prefix: config.REDIS_PREFIX,
    log,
  });
  const redis = {
    publisher: connectRedis({ url: config.REDIS_URL, role: "publish", log }),
    cache: connectRedis({ url: config.REDIS_URL, role: "cache", log }),
  };
  const hasKeys = vapidSettings(config) !== undefined;
  const storage = await openStorage(config);
  const engine = openWorkerEngine({ config, log, desk, redis, templates, hasKeys, storage });

  void tellMissingSettings(engine);
  const health = watchHealth({ engine, desk, hasKeys, storage }, metrics);
  const server = createStatusServer({ health, metrics, log });
  const port = await listen(server, config);

  const pushMetrics = createPushMetrics(metrics, engine.faults);
  const sender = openPush(config, { metrics: pushMetrics, log });
  if (sender === undefined) log.warn({}, `${NO_KEYS}; make them with npm run -s vapid`);
  const context = createContext({ config, log, engine, metrics, pushMetrics, sender, redis: redis.cache });
  const run = createJobRunner(context, metrics);
  const work = startWork({ config, log, desk, health, hasKeys, context, sender }, run);
  const reporter = reportWorker({ config, redis: redis.cache, engine, health, metrics, work, log });
  reporter.start();
  log.info({ port }, "The worker runs");

  return {
    port,
    metrics,
    stop: async () => {
      await work.drain();
      await reporter.close();
      await desk.close();
      await closeEngine(engine);
      for (const one of Object.values(redis)) one.disconnect();
      storage?.close();
      await close(server);
      await traced.close();
    },
  };
}

/** What probes are told, and what is looked at with every scrape. */
function watchHealth(
  {
    engine,
    desk,
    hasKeys,
    storage,
  }: {
    engine: Engine;
    desk: JobDesk<QueueName>;
    hasKeys: boolean;
    storage: ObjectStorage | undefined;
  },
  metrics: Metrics,
): Health {
  const health = createHealth({
    postgres: () => pingDatabase(engine),
    redis: async () => void (await desk.queues.jobs.counts()),
    // Without keys it does everything else.
    push: { check: async () => assertKeys(hasKeys), required: false },
    // So it does without files.
    ...(storage && { storage: { check: createStorageCheck(storage), required: false } }),
  });
  createHealthMetrics(metrics, health);
  createDatabaseMetrics(metrics, () => poolStats(engine));
  createQueueMetrics(metrics, desk.queues);
  return health;
}

const NO_KEYS = "This worker takes no pushes: VAPID_PUBLIC_KEY and VAPID_PRIVATE_KEY are not set";

function assertKeys(hasKeys: boolean): void {
  if (!hasKeys) throw new Error(NO_KEYS);
}

function openWorkerEngine(parts: {
  config: WorkerConfig;
  log: Logger;
  desk: JobDesk<QueueName>;
  redis: { publisher: Redis; cache: Redis };
  templates: Templates | undefined;
  hasKeys: boolean;
  storage: ObjectStorage | undefined;
}): Engine {
  const { config, log, desk, redis, templates, hasKeys, storage } = parts;
  const prefix = config.REDIS_PREFIX;
  return openEngine({
    databaseUrl: config.DATABASE_URL,
    schema: config.DATABASE_SCHEMA,
    poolSize: config.DATABASE_POOL_SIZE,
    // Nobody is connected to a worker: the API nodes deliver what its jobs bring about.
    publish: createBatchOutbox({
      redis: redis.publisher,
      prefix,
      onError: (error) =>
        log.warn({ err: error }, "The API nodes could not be told; clients catch up by themselves"),
    }),
    enqueue: createEnqueue({ desk, hasKeys }),
    presence: createPresenceReader({ redis: redis.cache, prefix }),
    ...(templates && { templates }),
    // Nobody uploads to a worker: it only clears up.
    archiveStore: config.ARCHIVE_STORE,
    files: storage && { storage, maxBytes: 0, quotaBytes: 0 },
    log,
    trace: tracing(),
  });
}

function createContext(parts: {
  config: WorkerConfig;
  log: Logger;
  engine: Engine;
  metrics: Metrics;
  pushMetrics: PushMetrics;
  sender: PushSender | undefined;
  redis: Redis;
}): JobContext {
  const { config, log, engine, metrics, pushMetrics, sender, redis } = parts;
  const recorder = new OutcomeRecorder({ engine, log });
  const leaseMs = config.PUSH_LEASE_SECONDS * 1000;
  return {
    engine,
    log,
    archive: {
      policy: retentionPolicyOf(config),
      everyMs: config.ARCHIVE_EVERY_SECONDS * 1000,
      messagesPerSecond: config.ARCHIVE_MESSAGES_PER_SECOND,
      metrics: createArchiveMetrics(metrics),
      stopping: new AbortController(),
    },
    audit: createAuditMetrics(metrics),
    search: { metrics: createSearchMetrics(metrics), stopping: new AbortController() },
    dataDuties: dataDutiesOf(config, redis),
    push: {
      rules: { delayMs: config.PUSH_DELAY_MS, perMinute: config.PUSHES_PER_MINUTE },
      metrics: pushMetrics,
      deliver:
        sender &&
        ((notificationIds) => deliverPushes({ engine, sender, recorder }, { notificationIds, leaseMs })),
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
