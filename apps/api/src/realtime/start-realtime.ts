import type { Server as HttpServer } from "node:http";
import type { Batch } from "@parley/contracts";
import { type Engine, pingDatabase, readArrival, readMissed } from "@parley/engine";
import {
  createPresence,
  type Log,
  type Metrics,
  type RateLimiter,
  type Redis,
  Viewing,
} from "@parley/platform";
import type { AccessList } from "../auth/access-list.js";
import type { Authenticator } from "../auth/create-authenticator.js";
import type { ApiConfig } from "../config.js";
import { Admission } from "./admission.js";
import { openBatchInbox } from "./batch-inbox.js";
import { createBus } from "./bus.js";
import type { BusState } from "./bus-probe.js";
import { CommandSlots } from "./command-slots.js";
import { ConnectPace } from "./connect-pace.js";
import { DatabaseWatch } from "./database-watch.js";
import { FanOut } from "./fan-out.js";
import { Gateway } from "./gateway.js";
import { createRealtimeMetrics, type RealtimeMetrics } from "./metrics.js";
import { NAMESPACE } from "./outbound.js";
import { PresenceAnnouncer } from "./presence-announcer.js";
import { createSocketServer } from "./socket-server.js";
import type { ChatServer } from "./socket-types.js";
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

/** Less than an unknown transport may stay: who would wait longer is better served elsewhere, or a moment later. */
const LONGEST_WAIT_SECONDS = 3;

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
  const metrics: RealtimeMetrics = createRealtimeMetrics(options.metrics, {
    connections: () => gateway.connectionCount,
    waiting: () => gateway.waitingCount,
    chats: () => fanOut.users.chatCount,
    bus: () => (watch.state() === "ok" ? 1 : 0),
  });
  const fanOut = createFanOut(options, metrics);
  const { gateway, io, close } = createGateway(httpServer, { ...options, fanOut, realtimeMetrics: metrics });
  const { bus, inbox, watch } = joinCluster({ io, gateway, fanOut, metrics }, options);
  const databaseWatch = watchDatabase(options, (alone) => gateway.setAlone(alone));
  databaseWatch.start();
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
      inbox.close();
      await Promise.all([watch.close(), databaseWatch.close()]);
      fanOut.close();
      await close();
    },
  };
}

/** Everything by which news from elsewhere comes to this node, and its own leaves. */
function joinCluster(
  parts: { io: ChatServer; gateway: Gateway; fanOut: FanOut; metrics: RealtimeMetrics },
  options: RealtimeOptions,
) {
  const { io, gateway, fanOut, metrics } = parts;
  const { config, log, redis } = options;
  const incoming = {
    subscriber: redis.subscriber,
    prefix: config.REDIS_PREFIX,
    onBatch: (batch: Batch, sentAt: number) => gateway.receive(batch, sentAt),
    log,
  };
  const bus = createBus({
    ...incoming,
    io,
    namespace: io.of(NAMESPACE),
    publisher: redis.publisher,
    onPublishError: () => {
      metrics.busErrors.inc();
      watch.notePublishError();
    },
  });
  const inbox = openBatchInbox(incoming);
  const watch = watchBus({
    ...options,
    fanOut,
    onState: (state) => gateway.tellBusState(state),
    onLost: () => void gateway.sendAway("unavailable"),
  });
  return { bus, inbox, watch };
}

function watchDatabase(
  { engine, config, redis, log }: RealtimeOptions,
  onAlone: (alone: boolean) => void,
): DatabaseWatch {
  const key = `${config.REDIS_PREFIX}:postgres-works`;
  return new DatabaseWatch({ ping: () => pingDatabase(engine), redis: redis.cache, key, onAlone, log });
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
  const announcer = new PresenceAnnouncer(options);
  const place = { redis: redis.cache, node: config.NODE_NAME, prefix: `${config.REDIS_PREFIX}:{presence}` };
  const viewing = new Viewing(place);
  const presence = createPresence({
    ...place,
    log,
    onChange: (state) => announcer.tell(state),
  });
  const admission = new Admission({
    connections: config.MAX_CONNECTIONS,
    perUser: config.MAX_CONNECTIONS_PER_USER,
  });
  const io = createSocketServer(httpServer, { config, admission });
  const slots = new CommandSlots();
  const pace = new ConnectPace({
    perSecond: config.CONNECTS_PER_SECOND,
    mostWaiting: config.CONNECTS_PER_SECOND * LONGEST_WAIT_SECONDS,
  });
  const parts = { ...options, presence, viewing, typing, admission, pace, slots, metrics: realtimeMetrics };
  const gateway: Gateway = new Gateway(io, parts);
  presence.start();
  viewing.start();
  const close = async () => {
    typing.close();
    await Promise.all([presence.stop(), viewing.stop()]);
    await announcer.flush();
    await gateway.settle();
  };
  return { gateway, io, close };
}
