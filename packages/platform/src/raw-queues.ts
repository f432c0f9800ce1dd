import type { Queue } from "bullmq";
import type { Log } from "./logger.js";
import { keyPrefix, QueueUnavailable, queueOpener } from "./queues.js";
import { connectRedis, whenReady } from "./redis.js";

export interface RawQueuesOptions {
  names: readonly string[];
  redisUrl: string;
  log: Log;
  /** First part of the queues' keys in Redis. */
  prefix: string;
}

/** Queues as BullMQ itself knows them, for a tool that shows and mends single jobs. Everybody else asks a JobQueue. */
export interface RawQueues {
  /** All of them, over one connection. Throws QueueUnavailable while Redis is away. */
  open(): Promise<Queue[]>;
  close(): void;
}

const PATIENCE_MS = 2000;

/** Connects in the background; does not wait for Redis and does not fail without it. */
export function openRawQueues({ names, redisUrl, log, prefix }: RawQueuesOptions): RawQueues {
  const redis = connectRedis({ url: redisUrl, role: "queue-producer", log, key: keyPrefix(prefix) });
  const openers = names.map((name) => queueOpener(redis, { name, prefix }));
  return {
    open: async () => {
      await whenReady(redis, PATIENCE_MS).catch((cause: unknown) => {
        throw new QueueUnavailable("Redis is away, so no job can be looked at.", { cause });
      });
      return Promise.all(openers.map((open) => open()));
    },
    close: () => redis.disconnect(),
  };
}
