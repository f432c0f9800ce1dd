import type { RedisOptions } from "ioredis";

/**
 * What a connection is for. Connections are never shared between roles: a publish must fail at once while Redis is down,
 * a queue worker must wait for it.
 */
export type RedisRole = "publish" | "subscribe" | "cache" | "queue-producer" | "queue-worker";

type Policy = Pick<
  RedisOptions,
  "enableOfflineQueue" | "maxRetriesPerRequest" | "commandTimeout" | "socketTimeout" | "autoResubscribe"
>;

/** What each role does while Redis is away: one without an offline queue fails at once, the others wait. */
export const POLICIES: Record<RedisRole, Policy> = {
  publish: { enableOfflineQueue: false, maxRetriesPerRequest: 0, commandTimeout: 1000, socketTimeout: 3000 },
  subscribe: { autoResubscribe: true, maxRetriesPerRequest: null, socketTimeout: 3000 },
  cache: { enableOfflineQueue: false, maxRetriesPerRequest: 1, commandTimeout: 500, socketTimeout: 3000 },
  "queue-producer": {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: 2000,
    socketTimeout: 3000,
  },
  // Its blocking reads may rightly be silent for 10 s.
  "queue-worker": { maxRetriesPerRequest: null, socketTimeout: 30_000 },
};

/** What a connection to one server is made with; a type of ioredis's own depends on what is left out here. */
export type ConnectionOptions = Omit<RedisOptions, "replyMapping">;

/** How every connection to a server is made, whatever it is for. */
export function connectionOptions(role: RedisRole) {
  return { connectionName: `parley-${role}`, connectTimeout: 5000, keepAlive: 10_000 };
}

/** 50 ms doubling to 2 s; the random half keeps a cluster's nodes from coming back in step. */
export function retryDelay(attempt: number): number {
  const full = Math.min(2000, 50 * 2 ** Math.min(attempt - 1, 10));
  return Math.round(full / 2 + (Math.random() * full) / 2);
}
