import { type Batch, QUEUE_NAMES, type QueueName, queueOf } from "@parley/contracts";
import {
  type Engine,
  loadTemplates,
  type MuteReader,
  openEngine,
  poolStats,
  type VisitorReader,
} from "@parley/engine";
import {
  type JobDesk,
  type Logger,
  type Metrics,
  type ObjectStorage,
  openJobDesk,
  type Redis,
  tracing,
} from "@parley/platform";
import type { ApiConfig } from "./config.js";
import { createEngineMetrics } from "./engine-metrics.js";
import { openFileStore } from "./open-file-store.js";
import { endpointPolicyOf } from "./push-config.js";
import { createUserSource } from "./users/create-user-source.js";

export interface ApiEngineParts {
  log: Logger;
  metrics: Metrics;
  /** A connection of the role `cache`. */
  redis: Redis;
  /** Where committed changes go. */
  publish: (batch: Batch) => void;
  visitors: VisitorReader;
  mutedUntil: MuteReader;
}

export interface ApiEngine {
  engine: Engine;
  desk: JobDesk<QueueName>;
  /** Where files are kept; undefined where there are none. */
  storage: ObjectStorage | undefined;
}

/** Opens the engine with everything that this process provides for it, and the desk where it asks for jobs. */
export async function openApiEngine(
  config: ApiConfig,
  { log, metrics, redis, publish, visitors, mutedUntil }: ApiEngineParts,
): Promise<ApiEngine> {
  const { NOTIFICATION_TEMPLATES_DIR: folder } = config;
  const templates = folder === undefined ? undefined : await loadTemplates(folder);
  const files = await openFileStore(config, log);
  const desk = openJobDesk({
    names: QUEUE_NAMES,
    redisUrl: config.REDIS_URL,
    prefix: config.REDIS_PREFIX,
    log,
  });
  const engine = openEngine({
    databaseUrl: config.DATABASE_URL,
    schema: config.DATABASE_SCHEMA,
    poolSize: config.DATABASE_POOL_SIZE,
    queueLimit: config.WRITE_QUEUE_LIMIT,
    publish,
    visitors,
    mutedUntil,
    enqueue: (job, data, { delayMs, bulk } = {}) => desk.ask(queueOf(job, { bulk }), { job, data, delayMs }),
    endpointPolicy: endpointPolicyOf(config),
    files,
    userSource: createUserSource(config, { redis, metrics, log }),
    ...(templates && { templates }),
    log,
    trace: tracing(),
  });
  createEngineMetrics(metrics, {
    pool: () => poolStats(engine),
    queue: () => engine.writer.depth,
    faults: () => engine.faults,
  });
  return { engine, desk, storage: files?.storage };
}
