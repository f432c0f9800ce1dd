import { randomUUID } from "node:crypto";
import type { NodeReport, NodeSample, QueueName } from "@parley/contracts";
import { type Engine, poolStats } from "@parley/engine";
import {
  createProcessReporter,
  type Health,
  type Log,
  type Metrics,
  NodeReporter,
  type Redis,
  ReportBoard,
} from "@parley/platform";
import type { WorkerConfig } from "./config.js";
import { workerVersion } from "./version.js";
import { createWorkerCounters } from "./worker-counters.js";

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

export interface ReportWorkerOptions {
  config: WorkerConfig;
  /** A connection of the role `cache`. */
  redis: Redis;
  engine: Engine;
  health: Health;
  metrics: Metrics;
  work: Work;
  log: Log;
}

/** Has this worker report how it is, for the operators' page. Call `start` on what it returns. */
export function reportWorker(options: ReportWorkerOptions): NodeReporter {
  const { config, redis, engine, metrics, work, log } = options;
  const { NODE_NAME: node, REDIS_PREFIX: prefix } = config;
  const instance = randomUUID();
  const board = new ReportBoard({ redis, prefix: `${prefix}:{nodes}` });
  const lookAtProcess = createProcessReporter({ ...options, pool: () => poolStats(engine) });
  const count = createWorkerCounters(metrics);
  const version = workerVersion();
  const look = async (): Promise<NodeReport> => ({
    kind: "worker",
    version,
    instance,
    ...(await lookAtProcess()),
    connections: 0,
    users: 0,
    slots: work.slots() as Record<string, number>,
  });
  const sample = async (): Promise<Omit<NodeSample, "seconds">> => ({
    node,
    instance,
    kind: "worker",
    connections: 0,
    counters: await count(),
  });
  const onDrain = () => {
    work.drain().catch((error: unknown) => log.error({ err: error }, "The worker could not drain in order"));
  };
  return new NodeReporter({ board, node, instance, look, sample, onDrain, log });
}
