import { ago, wave } from "./sample-time.js";

/** Each time the same: a node that starts anew is another one. */
const STARTED_AT = ago(193_000);

const well = (latency_ms: number) => ({ ok: true, latency_ms, reason: null });

interface Differences {
  id: string;
  kind?: "api" | "worker";
  [name: string]: unknown;
}

function node({ id, kind = "api", ...differences }: Differences) {
  return {
    id,
    kind,
    version: "0.1.0",
    started_at: STARTED_AT,
    seen_at: ago(2),
    state: "ready",
    connections: kind === "api" ? 8_412 : 0,
    users: kind === "api" ? 6_120 : 0,
    loop_lag_p99_ms: 11.8,
    memory_bytes: 412_000_000,
    cpu_percent: 38,
    dependencies: { postgres: well(1.2), redis: well(0.6), [kind === "api" ? "bus" : "push"]: well(0.9) },
    trouble: null,
    trouble_since: null,
    drain_asked: false,
    ...differences,
  };
}

/** A cluster in which one node has lost its Redis and one has vanished. */
export const sampleNodes = () => ({
  nodes: [
    node({ id: "api-1" }),
    node({ id: "api-2", connections: 8_377, cpu_percent: 41, loop_lag_p99_ms: 13.1 }),
    node({
      id: "api-3",
      state: "degraded",
      connections: 5_020,
      loop_lag_p99_ms: 214,
      dependencies: {
        postgres: well(1.4),
        redis: { ok: false, latency_ms: null, reason: "connect ETIMEDOUT 10.0.4.7:6379" },
        bus: { ok: false, latency_ms: null, reason: "a word sent through Redis does not come back" },
      },
      trouble:
        "It has not reached Redis for 4 min: news of other nodes comes to its clients from Postgres, up to 2 s late.",
      trouble_since: ago(240),
    }),
    node({
      id: "worker-2",
      kind: "worker",
      state: "lost",
      seen_at: ago(380),
      trouble:
        "It has not reported for 6 min and has not said goodbye: it has crashed, hangs, or is cut off.",
      trouble_since: ago(380),
    }),
    node({ id: "worker-1", kind: "worker", cpu_percent: 22 }),
  ],
  incomplete: null,
});

/** An hour of a cluster at work. */
export const sampleRates = () => ({
  step_seconds: 30,
  points: Array.from({ length: 120 }, (_, index) => ({
    at: ago((119 - index) * 30),
    messages_per_second: wave(index, { base: 640, swing: 120 }),
    deliveries_per_second: wave(index + 1, { base: 2_900, swing: 480 }),
    requests_per_second: wave(index + 9, { base: 410, swing: 70 }),
    errors_per_second: index > 108 ? wave(index, { base: 2.4, swing: 0.8 }) : 0.1,
    connections: Math.round(wave(index, { base: 21_800, swing: 600 })),
    ack_p50_ms: wave(index, { base: 6.2, swing: 0.8 }),
    ack_p99_ms: index > 108 ? wave(index, { base: 96, swing: 16 }) : wave(index, { base: 31, swing: 5 }),
    pushes_per_second: wave(index + 4, { base: 88, swing: 20 }),
    push_failures_per_second:
      index > 100 ? wave(index, { base: 12, swing: 2 }) : wave(index, { base: 0.6, swing: 0.3 }),
  })),
  incomplete: null,
});

export const sampleAlerts = () => ({
  alerts: [
    {
      code: "ParleyNodeDown",
      severity: "critical",
      since: ago(380),
      subject: "worker-2",
      summary: "The worker worker-2 has not reported for 6 minutes.",
      what_to_do:
        "Look whether its process runs and reaches Redis; start it again. Its jobs are taken over by worker-1.",
      runbook: "docs/runbooks.md#parleynodedown",
    },
    {
      code: "ParleyPushFailing",
      severity: "warning",
      since: ago(540),
      subject: "apple",
      summary: "Apple refuses 38 of 100 pushes with 403.",
      what_to_do:
        "Compare VAPID_SUBJECT on the worker: Apple takes only a mailto: or https: address that exists.",
      runbook: "docs/runbooks.md#parleypushfailing",
    },
    {
      code: "ParleyBusDown",
      severity: "warning",
      since: ago(240),
      subject: "api-3",
      summary: "api-3 does not reach Redis.",
      what_to_do:
        "Look at the network between api-3 and Redis. Drain the node if it lasts: its clients go to the others.",
      runbook: "docs/runbooks.md#parleybusdown",
    },
  ],
  incomplete: null,
});

function queue(name: string, differences: Record<string, unknown>) {
  return {
    name,
    paused: false,
    waiting: 3,
    active: 2,
    delayed: 14,
    failed: 0,
    completed: 1_000,
    oldest_waiting_seconds: 0.2,
    workers: 1,
    slots: 4,
    trouble: null,
    recent_failures: [],
    ...differences,
  };
}

/** One queue that somebody has paused, and one whose jobs fail. */
export const sampleQueues = () => ({
  queues: [
    queue("jobs", {
      failed: 2,
      recent_failures: [
        {
          job_id: "4411",
          name: "files.collect",
          failed_at: ago(4_100),
          reason: "The storage could not be reached: connect ECONNREFUSED 10.0.4.9:9000",
          attempts: 3,
        },
        {
          job_id: "4399",
          name: "archive.run",
          failed_at: ago(9_000),
          reason: "The worker stopped while it ran.",
          attempts: 3,
        },
      ],
    }),
    queue("data", { active: 1, slots: 2 }),
    queue("notifications", { active: 4 }),
    queue("campaigns", { waiting: 0, active: 0, oldest_waiting_seconds: null, slots: 2 }),
    queue("push", {
      paused: true,
      waiting: 18_240,
      active: 0,
      oldest_waiting_seconds: 1_140,
      slots: 8,
      trouble:
        "Somebody has paused it 19 minutes ago and 18,240 jobs wait: resume it, and the worker goes on.",
    }),
    queue("push-bulk", { waiting: 120, slots: 2 }),
  ],
  incomplete: null,
});
