import { ACK_BOUNDS_MS, DELIVERY_BOUNDS_MS } from "@parley/contracts";
import { type CounterRule, createDeltas, type Metrics, readBuckets, readCounters } from "@parley/platform";
import { ALARMING_CODES } from "../alarming-codes.js";

/** Asked by machines, always: they would make any other trouble look small. */
const PROBES = new Set<unknown>(["/healthz", "/readyz", "/metrics"]);

const always = (name: string) => () => name;
const where = (label: string, is: (value: string) => boolean, name: string) => (labels: Labels) =>
  is(String(labels[label])) ? name : undefined;

type Labels = Parameters<CounterRule["name"]>[0];

const isAlarming = (code: string) => (ALARMING_CODES as readonly string[]).includes(code);
const HTTP = "parley_http_request_duration_seconds";

const RULES: readonly CounterRule[] = [
  { metric: "parley_messages_stored_total", name: always("messages") },
  { metric: "parley_frames_delivered_total", name: always("deliveries") },
  { metric: HTTP, name: ({ route }) => (PROBES.has(route) ? undefined : "requests") },
  {
    metric: HTTP,
    name: (labels) =>
      !PROBES.has(labels.route) && labels.status_class === "5xx" ? "requests.failed" : undefined,
  },
  { metric: "parley_socket_errors_total", name: where("code", isAlarming, "socket.failed") },
  ...["parley_http_errors_total", "parley_socket_errors_total"].flatMap((metric) =>
    ["internal", "overloaded"].map((code) => ({ metric, name: where("code", (is) => is === code, code) })),
  ),
  { metric: "parley_handshakes_total", name: always("handshakes") },
  {
    metric: "parley_handshakes_total",
    name: where("result", (result) => result !== "ok" && result !== "later", "handshakes.refused"),
  },
  {
    metric: "parley_connections_ended_total",
    name: where("reason", (reason) => reason === "slow_consumer", "slow_clients"),
  },
  { metric: "parley_gaps_filled_total", name: always("gaps") },
];

const ACKS = {
  histogram: "parley_command_seconds",
  where: ({ command, result }: Labels) => command === "send_message" && result === "ok",
};
const DELIVERIES = { histogram: "parley_delivery_seconds", where: () => true };

/** What an API node has counted since it was asked last. */
export interface CountedByApi {
  counters: Record<string, number>;
  acks?: number[];
  deliveries?: number[];
}

/** Makes what tells how much the node's own metrics have grown since it was asked last. */
export function createApiCounters(metrics: Metrics): () => Promise<CountedByApi> {
  const grown = createDeltas();
  const buckets = async (rule: typeof ACKS | typeof DELIVERIES, bounds: readonly number[]) => {
    const totals = await readBuckets(metrics, rule);
    const counts = totals.map((total, place) => grown(`${rule.histogram} ${place}`, total));
    return counts.length === bounds.length + 1 && counts.some((count) => count > 0) ? counts : undefined;
  };
  return async () => {
    const totals = await readCounters(metrics, RULES);
    const entries = Object.entries(totals).map(([name, total]) => [name, grown(name, total)] as const);
    const acks = await buckets(ACKS, ACK_BOUNDS_MS);
    const deliveries = await buckets(DELIVERIES, DELIVERY_BOUNDS_MS);
    return {
      counters: Object.fromEntries(entries.filter(([, count]) => count > 0)),
      ...(acks && { acks }),
      ...(deliveries && { deliveries }),
    };
  };
}
