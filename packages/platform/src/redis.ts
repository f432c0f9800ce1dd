import { Redis, type RedisOptions } from "ioredis";
import type { Log } from "./logger.js";
import { readRedisUrl } from "./redis-address.js";
import { tracing } from "./tracing/tracing.js";

export type { Redis } from "ioredis";

/**
 * What a connection is for. Connections are never shared between roles: a publish must fail at once while Redis is down,
 * a queue worker must wait for it.
 */
export type RedisRole = "publish" | "subscribe" | "cache" | "queue-producer" | "queue-worker";

export interface RedisConnection {
  /** As `readRedisUrl` takes it. */
  url: string;
  role: RedisRole;
  log: Log;
}

const POLICIES: Record<RedisRole, Omit<RedisOptions, "replyMapping">> = {
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

const SUBSCRIBER_PING_MS = 2000;

/**
 * Connects to Redis in the background and for ever: never throws when Redis is away. One line is logged when it goes and
 * one when it is back. Close it with `disconnect()`.
 */
export function connectRedis({ url, role, log }: RedisConnection): Redis {
  const redis = new Redis({
    ...addressOf(url),
    ...POLICIES[role],
    connectionName: `parley-${role}`,
    connectTimeout: 5000,
    keepAlive: 10_000,
    retryStrategy: retryDelay,
    // Sentinels that are not there, or do not know of a master yet, are asked again and again as well.
    sentinelRetryStrategy: retryDelay,
    sentinelCommandTimeout: 2000,
    // They tell when another server has become the master; the one before may live on and take commands that are lost.
    failoverDetector: true,
    reconnectOnError: ({ message }) => message.startsWith("READONLY"),
  });
  logOutages(redis, { role, log });
  traceCommands(redis);
  if (role === "subscribe") keepAsking(redis);
  return redis;
}

function addressOf(url: string) {
  const address = readRedisUrl(url);
  if (address === undefined) throw new Error("This is no address of a Redis.");
  return address;
}

/** Waits until Redis answers. Rejects after `timeoutMs`, or when the connection has been closed for good. */
export function whenReady(redis: Redis, timeoutMs: number): Promise<void> {
  if (redis.status === "ready") return Promise.resolve();
  if (redis.status === "end") return Promise.reject(new Error("The Redis connection is closed."));
  return new Promise((resolve, reject) => {
    const settle = (error?: Error) => {
      clearTimeout(timer);
      redis.off("ready", settle);
      redis.off("end", onEnd);
      if (error) reject(error);
      else resolve();
    };
    const onEnd = () => settle(new Error("The Redis connection was closed."));
    const timer = setTimeout(
      () => settle(new Error(`Redis did not answer within ${timeoutMs} ms.`)),
      timeoutMs,
    );
    redis.on("ready", settle);
    redis.on("end", onEnd);
  });
}

/** 50 ms doubling to 2 s; the random half keeps a cluster's nodes from coming back in step. */
function retryDelay(attempt: number): number {
  const full = Math.min(2000, 50 * 2 ** Math.min(attempt - 1, 10));
  return Math.round(full / 2 + (Math.random() * full) / 2);
}

function logOutages(redis: Redis, { role, log }: { role: RedisRole; log: Log }): void {
  let isAway = false;
  const onAway = (fields: object) => {
    if (!isAway) log.warn({ role, ...fields }, "Redis is away; trying again until it is back");
    isAway = true;
  };
  redis.on("error", (error: Error) => onAway({ err: error }));
  // A server that shuts down in order ends its connections without an error.
  redis.on("reconnecting", () => onAway({}));
  redis.on("ready", () => {
    if (isAway) log.info({ role }, "Redis is back");
    isAway = false;
  });
}

/** A subscriber only listens: a connection that broke in silence shows by a question without an answer. */
function keepAsking(redis: Redis): void {
  const timer = setInterval(() => {
    if (redis.status === "ready") redis.ping().catch(() => undefined);
  }, SUBSCRIBER_PING_MS).unref();
  redis.once("end", () => clearInterval(timer));
}

/** Commands that somebody's traced work sends are a part of it. */
function traceCommands(redis: Redis): void {
  const send = redis.sendCommand.bind(redis);
  redis.sendCommand = (...sent) => {
    const [command] = sent;
    if (tracing().here() === undefined) return send(...sent);
    let answer: unknown;
    const span = {
      name: `redis ${command.name}`,
      kind: "client",
      attributes: { "db.system.name": "redis" },
    } as const;
    // The caller gets Redis' own promise: one that nobody looks at must not become another that nobody catches.
    tracing()
      .run(span, async () => {
        answer = send(...sent);
        await answer;
      })
      .catch(() => undefined);
    return answer;
  };
}
