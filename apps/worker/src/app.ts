import type { Server } from "node:http";
import { PUSH_QUEUE_NAMES, QUEUE_NAMES, type QueueName, queueOf } from "@parley/contracts";
import {
  closeEngine,
  type Engine,
  loadTemplates,
  openEngine,
  pingDatabase,
  poolStats,
  type Templates,
} from "@parley/engine";
import {
  connectRedis,
  createDatabaseMetrics,
  createHealth,
  createHealthMetrics,
  createMetrics,
  type Health,
  type JobDesk,
  type JobRun,
  type JobWorker,
  type Logger,
  type Metrics,
  type ObjectStorage,
  openJobDesk,
  openStorage,
  openWorker,
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
import { keepSchedules, schedulesOf } from "./schedules.js";
import { createSearchMetrics } from "./search-metrics.js";
import { createStatusServer } from "./status-server.js";
import { sweepAtStart } from "./sweep-at-start.js";

/** Jobs of each queue that run at the same time in this process. */
const JOBS_AT_ONCE: Record<QueueName, number> = {
  jobs: 4,
  notifications: 4,
  campaigns: 2,
  push: 8,
  "push-bulk": 2,
};

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
  const connection = { redisUrl: config.REDIS_URL, prefix: config.REDIS_PREFIX, log };
  const desk = openJobDesk({ names: QUEUE_NAMES, ...connection });
  const redis = {
    publisher: connectRedis({ url: config.REDIS_URL, role: "publish", log }),
    cache: connectRedis({ url: config.REDIS_URL, role: "cache", log }),
  };
  const hasKeys = vapidSettings(config) !== undefined;
  const storage = await openStorage(config);
  const engine = openWorkerEngine({ config, log, desk, redis, templates, hasKeys, storage });

  const health = watchHealth({ engine, desk, hasKeys }, metrics);
  const server = createStatusServer({ health, metrics, log });
  const port = await listen(server, config);

  const pushMetrics = createPushMetrics(metrics, engine.faults);
  const sender = openPush(config, { metrics: pushMetrics, log });
  if (sender === undefined) log.warn({}, `${NO_KEYS}; make them with npm run -s vapid`);
  const context = createContext({ config, log, engine, metrics, pushMetrics, sender });
  const run = createJobRunner(context, metrics);
  const work = startWork({ config, log, desk, health, hasKeys, context, sender }, run);
  const reporter = reportWorker({ config, redis: redis.cache, engine, health, metrics, work, log });
  reporter.start();
  log.info({ port }, "The worker runs");

  return {
    port,
    metrics,
    stop: async () => {
      health.setDraining();
      endSchedules();
      context.archive.stopping.abort();
      context.search.stopping.abort();
      await stopWorkers(workers, sender);
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

/** What this process has taken on. */
export interface Work {
  /** Jobs of each queue that it can run at the same time; none once it drains. */
  slots(): Partial<Record<QueueName, number>>;
  /**
   * Not ready, takes no more jobs, and ends those that run. Somebody who asks for it may want the process to stay: stopping is what follows.
   * May be called again.
   */
  drain(): Promise<void>;
}

function startWork(
  parts: {
    config: WorkerConfig;
    log: Logger;
    desk: JobDesk<QueueName>;
    health: Health;
    hasKeys: boolean;
    context: JobContext;
    sender: PushSender | undefined;
  },
  run: (job: JobRun) => Promise<void>,
): Work {
  const { config, log, desk, health, hasKeys, context, sender } = parts;
  const connection = { redisUrl: config.REDIS_URL, prefix: config.REDIS_PREFIX, log };
  const names = queuesOf(hasKeys);
  const workers = names.map((name) =>
    openWorker({ name, ...connection, concurrency: JOBS_AT_ONCE[name], run }),
  );
  const endSchedules = keepSchedules({ desk, log }, schedulesOf(config));
  sweepAtStart({ queue: desk.queues[queueOf("notifications.sweep")], log });
  let drained: Promise<void> | undefined;
  const drain = async () => {
    log.info({}, "The worker drains");
    health.setDraining();
    endSchedules();
    context.archive.stopping.abort();
    await stopWorkers(workers, sender);
  };
  return {
    slots: () =>
      drained === undefined ? Object.fromEntries(names.map((name) => [name, JOBS_AT_ONCE[name]])) : {},
    drain: () => {
      drained ??= drain();
      return drained;
    },
  };
}

/** What probes are told, and what is looked at with every scrape. */
function watchHealth(
  { engine, desk, hasKeys }: { engine: Engine; desk: JobDesk<QueueName>; hasKeys: boolean },
  metrics: Metrics,
): Health {
  const health = createHealth({
    postgres: () => pingDatabase(engine),
    redis: async () => void (await desk.queues.jobs.counts()),
    // Without keys it does everything else.
    push: { check: async () => assertKeys(hasKeys), required: false },
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

/** What it takes work from. Pushes are left to workers that have keys. */
function queuesOf(hasKeys: boolean): QueueName[] {
  const needKeys: readonly QueueName[] = PUSH_QUEUE_NAMES;
  return QUEUE_NAMES.filter((name) => hasKeys || !needKeys.includes(name));
}

/** The jobs that run are ended, and the pushes that they wait for: who has no turn yet is left for the next worker. */
async function stopWorkers(workers: JobWorker[], sender: PushSender | undefined): Promise<void> {
  const closed = Promise.all(workers.map((worker) => worker.close()));
  await sender?.close();
  await closed;
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
}): JobContext {
  const { config, log, engine, metrics, pushMetrics, sender } = parts;
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
