import { DISCONNECT_REASONS } from "@parley/contracts";
import { Counter, Gauge, Histogram, type Metrics } from "@parley/platform";
import { ALARMING_CODES } from "../alarming-codes.js";

const LATENCY_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

interface Sources {
  connections: () => number;
  waiting: () => number;
  strangers: () => number;
  chats: () => number;
  /** 1 while other nodes' news comes over the bus, 0 while it is read from Postgres. */
  bus: () => number;
}

/** What a node's live half counts. Labels are closed sets: names from the catalogues, error codes. */
export function createRealtimeMetrics(metrics: Metrics, sources: Sources) {
  const registers = [metrics.registry];
  watchSources(registers, sources);
  return {
    ...createDeliveryMetrics(registers),
    commands: new Histogram({
      name: "parley_command_seconds",
      help: "Time from a client's event to its acknowledgement",
      labelNames: ["command", "result"],
      buckets: LATENCY_BUCKETS,
      registers,
    }),
    ended: countEnds(registers),
    handshakes: new Counter({
      name: "parley_handshakes_total",
      help: "Clients that asked to be let in, by contract and what came of it: `ok`, an error code, or `later` for who was sent to come back",
      labelNames: ["contract", "result"],
      registers,
    }),
    errors: countErrors(registers),
  };
}

export type RealtimeMetrics = ReturnType<typeof createRealtimeMetrics>;

/** From a commit, here or elsewhere, to the connections. */
function createDeliveryMetrics(registers: Metrics["registry"][]) {
  return {
    stored: new Counter({
      name: "parley_messages_stored_total",
      help: "New messages that this node stored, over all contracts",
      registers,
    }),
    delivered: new Counter({
      name: "parley_frames_delivered_total",
      help: "Frames handed to connections of all contracts",
      registers,
    }),
    deliverySeconds: new Histogram({
      name: "parley_delivery_seconds",
      help: "Time from a message's commit, by the database's clock, until this node handed it to its connections",
      buckets: [...LATENCY_BUCKETS, 10, 30, 60],
      registers,
    }),
    busDelay: new Histogram({
      name: "parley_bus_delay_seconds",
      help: "Time from another node's publish to its arrival here; clocks of two machines may differ",
      buckets: LATENCY_BUCKETS,
      registers,
    }),
    busErrors: new Counter({
      name: "parley_bus_publish_errors_total",
      help: "Batches that Redis did not take; other nodes read them from Postgres",
      registers,
    }),
    gaps: new Counter({
      name: "parley_gaps_filled_total",
      help: "Times that missed changes of a chat were read from Postgres",
      registers,
    }),
  };
}

/** Every reason stands there from the start, so that the first one shows as an increase. */
function countEnds(registers: Metrics["registry"][]) {
  const counter = new Counter({
    name: "parley_connections_ended_total",
    help: "Connections that this node ended, by reason; clients that went by themselves are not among them",
    labelNames: ["reason"],
    registers,
  });
  for (const reason of Object.keys(DISCONNECT_REASONS)) counter.inc({ reason }, 0);
  return counter;
}

function countErrors(registers: Metrics["registry"][]) {
  const counter = new Counter({
    name: "parley_socket_errors_total",
    help: "Refused client events by error code",
    labelNames: ["code"],
    registers,
  });
  for (const code of ALARMING_CODES) counter.inc({ code }, 0);
  return counter;
}

function gaugeOf(
  registers: Metrics["registry"][],
  gauge: { name: string; help: string; read: () => number },
): void {
  const { name, help, read } = gauge;
  new Gauge({
    name,
    help,
    registers,
    collect() {
      this.set(read());
    },
  });
}

function watchSources(registers: Metrics["registry"][], sources: Sources): void {
  gaugeOf(registers, {
    name: "parley_connections",
    help: "Open connections of all contracts",
    read: sources.connections,
  });
  gaugeOf(registers, {
    name: "parley_connections_waiting",
    help: "Clients that wait to be let in, because many come at once",
    read: sources.waiting,
  });
  gaugeOf(registers, {
    name: "parley_strangers",
    help: "Transports and handshakes of which it is not known yet whose they are",
    read: sources.strangers,
  });
  gaugeOf(registers, {
    name: "parley_followed_chats",
    help: "Chats that this node follows",
    read: sources.chats,
  });
  gaugeOf(registers, {
    name: "parley_bus_up",
    help: "Whether a word sent through Redis comes back",
    read: sources.bus,
  });
}
