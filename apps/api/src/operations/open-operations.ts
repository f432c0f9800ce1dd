import type { QueueName } from "@parley/contracts";
import { type Engine, poolStats } from "@parley/engine";
import { type Health, type JobDesk, type Log, type Metrics, type Redis, ReportBoard } from "@parley/platform";
import type { ApiConfig } from "../config.js";
import type { Realtime } from "../realtime/start-realtime.js";
import { createOperations, type Operations } from "./operations.js";
import { reportNode } from "./report-node.js";

export interface OpenOperationsParts {
  config: ApiConfig;
  /** A connection of the role `cache`. */
  redis: Redis;
  engine: Engine;
  desk: JobDesk<QueueName>;
  health: Health;
  metrics: Metrics;
  /** Called only when it runs. */
  realtime: () => Realtime;
  log: Log;
}

export interface OpenOperations {
  operations: Operations;
  /** From now on the node reports how it is. */
  start(): void;
  /** Says goodbye. */
  close(): Promise<void>;
}

/** What operators see and do through this node, and what this node tells of itself. */
export function openOperations(parts: OpenOperationsParts): OpenOperations {
  const { config, redis, engine, desk, health, metrics, realtime, log } = parts;
  const node = config.NODE_NAME;
  const board = new ReportBoard({ redis, prefix: `${config.REDIS_PREFIX}:{nodes}` });
  // Not the whole of stopping: requests are still answered, so that it can be seen, until somebody stops the process.
  const drain = () => {
    log.info({ connections: realtime().counts().connections }, "somebody asked the node to drain");
    health.setDraining();
    realtime()
      .drain()
      .then(() => reporter.now())
      .catch((error: unknown) => log.error({ err: error }, "the node could not drain in order"));
  };
  const counts = () => realtime().counts();
  const pool = () => poolStats(engine);
  const { look, reporter } = reportNode({ node, board, health, metrics, pool, counts, drain, log });
  return {
    operations: createOperations({ node, board, look, desk, drain }),
    start: () => reporter.start(),
    close: () => reporter.close(),
  };
}
