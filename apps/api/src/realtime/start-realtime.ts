import type { Server as HttpServer } from "node:http";
import type { Batch } from "@parley/contracts";
import { type Engine, readArrival, readMissed } from "@parley/engine";
import type { Log, Metrics, RateLimiter, Redis } from "@parley/platform";
import type { AccessList } from "../auth/access-list.js";
import type { Authenticator } from "../auth/create-authenticator.js";
import type { ApiConfig } from "../config.js";
import { Admission } from "./admission.js";
import { createBus } from "./bus.js";
import type { BusState } from "./bus-probe.js";
import { CommandSlots } from "./command-slots.js";
import { FanOut } from "./fan-out.js";
import { Gateway } from "./gateway.js";
import { createRealtimeMetrics, type RealtimeMetrics } from "./metrics.js";
import { NAMESPACE } from "./outbound.js";
import { createPresence } from "./presence.js";
import { createSocketServer } from "./socket-server.js";
import { Typing } from "./typing.js";
import { watchBus } from "./watch-bus.js";

export interface RealtimeOptions {
  engine: Engine;
  access: AccessList;
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
  busState(): BusState;
  /** Sends every client away in order. */
  drain(): Promise<void>;
  close(): Promise<void>;
}

/** Puts the native sockets on an HTTP server and joins the cluster's bus. */
export function startRealtime(httpServer: HttpServer, options: RealtimeOptions): Realtime {
  const { config, log, redis } = options;
  const metrics: RealtimeMetrics = createRealtimeMetrics(options.metrics, {
    connections: () => gateway.connectionCount,
    chats: () => fanOut.users.chatCount,
    bus: () => (watch.state() === "ok" ? 1 : 0),
  });
  const fanOut = createFanOut(options, metrics);
  const { gateway, io, close } = createGateway(httpServer, { ...options, fanOut, realtimeMetrics: metrics });
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
  const watch = watchBus({ ...options, fanOut, onState: (state) => gateway.tellBusState(state) });
  return {
    publish: (batch) => {
      gateway.accept(batch);
      bus.publish(batch);
    },
    connectionCount: () => gateway.connectionCount,
    busState: () => watch.state(),
    drain: async () => {
      await gateway.drain();
      // Those who never became a connection, or are gone without a word.
      io.engine.close();
    },
    close: async () => {
      await watch.close();
      fanOut.close();
      await close();
    },
  };
}

function createFanOut({ engine, log, config }: RealtimeOptions, metrics: RealtimeMetrics): FanOut {
  return new FanOut({
    readMissed: (positions) => readMissed(engine, positions),
    readArrival: (input) => readArrival(engine, input),
    log,
    onGap: (chats) => metrics.gaps.inc(chats),
    onDelivered: (frames) => metrics.delivered.inc(frames),
    catchUp: config.PARLEY_CATCH_UP === "on",
  });
}

/** The connections and what belongs to them: who may come in, who types, who is there. */
function createGateway(
  httpServer: HttpServer,
  options: RealtimeOptions & { fanOut: FanOut; realtimeMetrics: RealtimeMetrics },
) {
  const { config, log, redis, realtimeMetrics } = options;
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
  const admission = new Admission({
    connections: config.MAX_CONNECTIONS,
    perUser: config.MAX_CONNECTIONS_PER_USER,
  });
  const io = createSocketServer(httpServer, { config, admission });
  const slots = new CommandSlots();
  const parts = { ...options, presence, typing, admission, slots, metrics: realtimeMetrics };
  const gateway: Gateway = new Gateway(io, parts);
  presence.start();
  const close = async () => {
    typing.close();
    await presence.stop();
    await gateway.settle();
  };
  return { gateway, io, close };
}
