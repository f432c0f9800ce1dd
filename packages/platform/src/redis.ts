import { type Cluster, Redis as Server } from "ioredis";
import type { Log } from "./logger.js";
import { type RedisAddress, readRedisUrl, type ServerAddress } from "./redis-address.js";
import { connectCluster, whenConnected } from "./redis-cluster/connect-cluster.js";
import { connectSlot } from "./redis-cluster/connect-slot.js";
import { createRedisOutages, type RedisOutages } from "./redis-outages.js";
import { connectionOptions, POLICIES, type RedisRole, retryDelay } from "./redis-roles.js";
import { tracing } from "./tracing/tracing.js";

export type { RedisRole } from "./redis-roles.js";

/** A connection to Redis, whether that is one server or a cluster: its users need not know. */
export type Redis = Server | Cluster;

export interface RedisConnection {
  /** As `readRedisUrl` takes it. */
  url: string;
  role: RedisRole;
  log: Log;
  /** All keys that are used are in the slot of this one: then only the server of a cluster that has it counts. */
  key?: string;
}

const SUBSCRIBER_PING_MS = 2000;

/**
 * Connects to Redis in the background and for ever: never throws when Redis is away. One line is logged when it goes and
 * one when it is back. Close it with `disconnect()`.
 */
export function connectRedis({ url, role, log, key }: RedisConnection): Redis {
  const address = readRedisUrl(url);
  if (address === undefined) throw new Error("This is no address of a Redis.");
  const outages = createRedisOutages({ role, log });
  const redis = open({ address, role, outages, key });
  traceCommands(redis);
  return redis;
}

function open(connection: {
  address: RedisAddress;
  role: RedisRole;
  outages: RedisOutages;
  key: string | undefined;
}): Redis {
  const { address, key, ...how } = connection;
  if (!("seeds" in address)) return connectServer({ address, ...how });
  return key === undefined ? connectCluster({ address, ...how }) : connectSlot({ address, key, ...how });
}

function connectServer(connection: {
  address: ServerAddress;
  role: RedisRole;
  outages: RedisOutages;
}): Server {
  const { address, role, outages } = connection;
  const redis = new Server({
    ...address,
    ...POLICIES[role],
    ...connectionOptions(role),
    retryStrategy: retryDelay,
    // Sentinels that are not there, or do not know of a master yet, are asked again and again as well.
    sentinelRetryStrategy: retryDelay,
    sentinelCommandTimeout: 2000,
    // They tell when another server has become the master; the one before may live on and take commands that are lost.
    failoverDetector: true,
    reconnectOnError: ({ message }) => message.startsWith("READONLY"),
  });
  redis.on("error", (error: Error) => outages.away({ err: error }));
  // A server that shuts down in order ends its connections without an error.
  redis.on("reconnecting", () => outages.away());
  redis.on("ready", () => void outages.back());
  if (role === "subscribe") keepAsking(redis);
  return redis;
}

/** Waits until Redis answers. Rejects after `timeoutMs`, or when the connection has been closed for good. */
export async function whenReady(redis: Redis, timeoutMs: number): Promise<void> {
  await whenStatusIsReady(redis, timeoutMs);
  await whenConnected(redis);
}

function whenStatusIsReady(redis: Redis, timeoutMs: number): Promise<void> {
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

/** A subscriber only listens: a connection that broke in silence shows by a question without an answer. */
function keepAsking(redis: Server): void {
  const timer = setInterval(() => {
    if (redis.status === "ready") redis.ping().catch(() => undefined);
  }, SUBSCRIBER_PING_MS).unref();
  redis.once("end", () => clearInterval(timer));
}

/** Commands that somebody's traced work sends are a part of it. */
function traceCommands(redis: Redis): void {
  const send: Cluster["sendCommand"] = redis.sendCommand.bind(redis);
  redis.sendCommand = (...sent: Parameters<typeof send>) => {
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
