import type { Server as HttpServer } from "node:http";
import type { Batch } from "@parley/contracts";
import type { Dialect, DialectPorts, PresenceState } from "@parley/dialects";
import { type Engine, forgetPeople, readArrival, readDatabaseIdentity, readMissed } from "@parley/engine";
import { type Log, type Metrics, type RateLimiter, type Redis, tracing } from "@parley/platform";
import type { AccessList } from "../auth/access-list.js";
import type { Authenticator } from "../auth/create-authenticator.js";
import type { GatewayAuthenticator } from "../auth/create-gateway-authenticator.js";
import type { ApiConfig } from "../config.js";
import { openBatchInbox, type Sent } from "./batch-inbox.js";
import { createBus } from "./bus.js";
import type { BusState } from "./bus-probe.js";
import { DatabaseWatch } from "./database-watch.js";
import { FanOut, type FanOutOptions } from "./fan-out.js";
import { Gateway } from "./gateway.js";
import { LiveConnections } from "./live-connections.js";
import { createRealtimeMetrics, type RealtimeMetrics } from "./metrics.js";
import { NAMESPACE } from "./outbound.js";
import { RawGateway } from "./raw/raw-gateway.js";
import { createReception, type Reception } from "./reception.js";
import { sameDatabase } from "./same-database.js";
import { createSocketServer } from "./socket-server.js";
import type { ChatServer } from "./socket-types.js";
import { watchBus } from "./watch-bus.js";

export interface RealtimeOptions {
  engine: Engine;
  access: AccessList;
  authenticator: Authenticator;
  gatewayAuthenticator: GatewayAuthenticator;
  limiter: RateLimiter;
  config: ApiConfig;
  log: Log;
  metrics: Metrics;
  redis: { publisher: Redis; subscriber: Redis; cache: Redis };
  /** The contracts that are spoken besides the native one. */
  dialects: readonly Dialect[];
  ports: DialectPorts;
}

export interface LiveCounts {
  connections: number;
  /** People among them. */
  users: number;
  /** Clients that wait to be let in. */
  waiting: number;
}

/** The live half of a node. */
export interface Realtime {
  /** Where the engine's committed changes go: to this node's connections at once, to the other nodes over the bus. */
  publish(batch: Batch): void;
  counts(): LiveCounts;
  /** The cluster's view of who is there, in the order of the ids. Never rejects. */
  readPresence(userIds: string[]): Promise<PresenceState[]>;
  /** How many people have each open chat open, in the order of the ids. Never rejects. */
  countVisitors(chatIds: string[]): Promise<number[]>;
  /** Those of the named people who have an open chat open, on any node. Never rejects. */
  findVisitors(chatId: string, userIds: readonly string[]): Promise<ReadonlySet<string>>;
  busState(): BusState;
  /** Sends every client away in order. */
  drain(): Promise<void>;
  close(): Promise<void>;
}

/** Puts the sockets of all contracts on an HTTP server and joins the cluster's bus. */
export function startRealtime(httpServer: HttpServer, options: RealtimeOptions): Realtime {
  const { access } = options;
  const connections = new LiveConnections(access);
  const metrics: RealtimeMetrics = createRealtimeMetrics(options.metrics, {
    connections: () => connections.count,
    waiting: () => reception.pace.waiting,
    strangers: () => reception.doorstep.count,
    chats: () => fanOut.users.chatCount,
    bus: () => (cluster.watch.state() === "ok" ? 1 : 0),
  });
  const fanOut = createFanOut(options, {
    metrics,
    onRemoved: (member) => void reception.arrivals.removed(member),
  });
  const reception = createReception({ ...options, connections, fanOut });
  const parts = { ...options, ...reception, connections, users: fanOut.users, metrics };
  const io = createSocketServer(httpServer, parts);
  new Gateway(io, parts);
  const rawGateway = new RawGateway(httpServer, parts);
  const accept = (batch: Batch) => {
    fanOut.accept(batch);
    if (batch.access !== undefined) void access.refresh().then(() => connections.checkAccess());
    forgetPeople(options.engine, batch.access ?? []);
  };
  const cluster = joinCluster({ io, connections, fanOut, metrics, accept }, options);
  const databaseWatch = watchDatabase(options, (alone) => connections.setAlone(alone));
  databaseWatch.start();
  return {
    publish: (batch) => {
      metrics.stored.inc(batch.changes.filter(({ body }) => body.name === "message.created").length);
      accept(batch);
      cluster.bus.publish(batch);
    },
    counts: () => count({ connections, fanOut, reception }),
    readPresence: (userIds) => reception.presence.read(userIds),
    countVisitors: (chatIds) => reception.visitors.count(chatIds),
    findVisitors: (chatId, userIds) => reception.visitors.present(chatId, userIds),
    busState: () => cluster.watch.state(),
    drain: () => drain({ connections, reception, io }),
    close: async () => {
      cluster.inbox.close();
      rawGateway.close();
      await Promise.all([cluster.watch.close(), databaseWatch.close()]);
      fanOut.close();
      await reception.close();
    },
  };
}

function count(parts: { connections: LiveConnections; fanOut: FanOut; reception: Reception }): LiveCounts {
  const { connections, fanOut, reception } = parts;
  return { connections: connections.count, users: fanOut.users.count, waiting: reception.pace.waiting };
}

async function drain(parts: {
  connections: LiveConnections;
  reception: Reception;
  io: ChatServer;
}): Promise<void> {
  parts.reception.pace.close();
  await parts.connections.drain();
  // Those who never became a connection, or are gone without a word.
  parts.io.engine.close();
}

/** Everything by which news from elsewhere comes to this node, and its own leaves. */
function joinCluster(
  parts: {
    io: ChatServer;
    connections: LiveConnections;
    fanOut: FanOut;
    metrics: RealtimeMetrics;
    accept: (batch: Batch) => void;
  },
  options: RealtimeOptions,
) {
  const { io, connections, fanOut, metrics, accept } = parts;
  const { config, log, redis } = options;
  const incoming = {
    subscriber: redis.subscriber,
    prefix: config.REDIS_PREFIX,
    onBatch: (batch: Batch, { sentAt, place }: Sent) => {
      metrics.busDelay.observe(Math.max(0, Date.now() - sentAt) / 1_000);
      if (place === undefined) accept(batch);
      else tracing().run({ name: "bus.deliver", kind: "consumer", from: place }, () => accept(batch));
    },
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
    onState: (state) => connections.tellBusState(state),
    onLost: () => void connections.sendAway("unavailable"),
  });
  return { bus, inbox, watch };
}

function watchDatabase(
  { engine, config, redis, log }: RealtimeOptions,
  onAlone: (alone: boolean) => void,
): DatabaseWatch {
  const key = `${config.REDIS_PREFIX}:postgres-works`;
  const ping = sameDatabase({
    read: () => readDatabaseIdentity(engine),
    onReplaced: () => {
      log.error({}, "another database answers in the place of the one before: the node ends, to begin anew");
      process.kill(process.pid, "SIGTERM");
    },
  });
  return new DatabaseWatch({ ping, redis: redis.cache, key, onAlone, log });
}

function createFanOut(
  { engine, log, config }: RealtimeOptions,
  { metrics, onRemoved }: { metrics: RealtimeMetrics } & Required<Pick<FanOutOptions, "onRemoved">>,
): FanOut {
  return new FanOut({
    readMissed: (positions) => readMissed(engine, positions),
    readArrival: (input) => readArrival(engine, input),
    log,
    onGap: (chats) => metrics.gaps.inc(chats),
    onRemoved,
    onDelivered: (frames) => metrics.delivered.inc(frames),
    onMessage: ({ createdAt }) =>
      metrics.deliverySeconds.observe(Math.max(0, Date.now() - Date.parse(createdAt)) / 1_000),
    catchUp: config.PARLEY_CATCH_UP === "on",
  });
}
