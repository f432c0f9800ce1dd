import type { Server as HttpServer } from "node:http";
import type { Batch } from "@parley/contracts";
import { type Engine, readChanges } from "@parley/engine";
import type { Log, Metrics, RateLimiter, Redis } from "@parley/platform";
import type { Authenticator } from "../auth/create-authenticator.js";
import type { ApiConfig } from "../config.js";
import { createBus } from "./bus.js";
import { FanOut } from "./fan-out.js";
import { createSocketServer, Gateway } from "./gateway.js";
import { createRealtimeMetrics } from "./metrics.js";
import { NAMESPACE } from "./outbound.js";
import { createPresence } from "./presence.js";
import { Typing } from "./typing.js";

export interface RealtimeOptions {
  engine: Engine;
  authenticator: Authenticator;
  limiter: RateLimiter;
  config: ApiConfig;
  log: Log;
  metrics: Metrics;
  redis: { publisher: Redis; subscriber: Redis; cache: Redis };
}

/** The live half of a node. */
export interface Realtime {
  /** Where the engine's committed changes go: to this node's connections at once, to the other nodes over the bus. */
  publish(batch: Batch): void;
  connectionCount(): number;
  /** Sends every client away in order. */
  drain(): Promise<void>;
  close(): Promise<void>;
}

/** Puts the native sockets on an HTTP server and joins the cluster's bus. */
export function startRealtime(httpServer: HttpServer, options: RealtimeOptions): Realtime {
  const { engine, config, log, redis } = options;
  const metrics = createRealtimeMetrics(options.metrics, {
    connections: () => gateway.connectionCount,
    chats: () => fanOut.users.chatCount,
  });
  const fanOut: FanOut = new FanOut({
    readChanges: (after) => readChanges(engine, after),
    log,
    onGap: () => metrics.gaps.inc(),
    onDelivered: (frames) => metrics.delivered.inc(frames),
  });
  const typing = new Typing({
    timeoutMs: config.TYPING_TIMEOUT_MS,
    onExpired: (typist) => gateway.endTyping(typist),
  });
  const presence = createPresence({
    redis: redis.cache,
    node: config.NODE_NAME,
    prefix: `${config.REDIS_PREFIX}:{presence}`,
    log,
    onChange: (state) => gateway.tellPresence(state),
  });
  const io = createSocketServer(httpServer, config);
  const gateway: Gateway = new Gateway(io, { ...options, presence, typing, fanOut, metrics });
  const bus = createBus({
    io,
    namespace: io.of(NAMESPACE),
    publisher: redis.publisher,
    subscriber: redis.subscriber,
    prefix: config.REDIS_PREFIX,
    log,
    onBatch: (batch, sentAt) => gateway.receive(batch, sentAt),
    onPublishError: () => metrics.busErrors.inc(),
  });
  presence.start();
  return {
    publish: (batch) => {
      fanOut.accept(batch);
      bus.publish(batch);
    },
    connectionCount: () => gateway.connectionCount,
    drain: () => gateway.drain(),
    close: async () => {
      typing.close();
      fanOut.close();
      await presence.stop();
    },
  };
}
