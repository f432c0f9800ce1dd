import { connectRedis, type Logger, pingRedis, type Redis, whenReady } from "@parley/platform";
import type { ApiConfig } from "./config.js";

/** One connection per role, because each fails in its own way. */
export interface ApiRedis {
  publisher: Redis;
  subscriber: Redis;
  cache: Redis;
  ping(): Promise<void>;
  close(): void;
}

const START_MS = 5_000;

/** Connects, and waits a moment: the bus must have its subscriptions before the first client comes. Serves without Redis, too. */
export async function openRedis(config: ApiConfig, log: Logger): Promise<ApiRedis> {
  const url = config.REDIS_URL;
  const publisher = connectRedis({ url, role: "publish", log });
  const subscriber = connectRedis({ url, role: "subscribe", log });
  const cache = connectRedis({ url, role: "cache", log });
  const all = [publisher, subscriber, cache];
  try {
    await Promise.all(all.map((connection) => whenReady(connection, START_MS)));
  } catch (error) {
    log.warn({ err: error }, "Redis is not there yet; serving without it until it comes");
  }
  return {
    publisher,
    subscriber,
    cache,
    ping: () => pingRedis(publisher),
    close: () => {
      for (const connection of all) connection.disconnect();
    },
  };
}
