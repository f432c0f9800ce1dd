import { z } from "zod";
import { QUEUE_NAMES } from "../jobs/queues.js";

const at = z.iso.datetime();
const incomplete = z
  .string()
  .nullable()
  .meta({ description: "Why this is not the whole answer; null when it is." });
const milliseconds = z.number().nullable();

const dependencyShape = z.object({
  ok: z.boolean(),
  latency_ms: milliseconds.meta({ description: "How long the latest check took." }),
  reason: z.string().nullable().meta({ description: "What is wrong, as the check was told it." }),
});

const NODE_STATES = ["ready", "degraded", "draining", "lost"] as const;

export const nodeShape = z
  .object({
    id: z.string().meta({ description: "NODE_NAME." }),
    kind: z.enum(["api", "worker"]),
    version: z.string(),
    started_at: at,
    seen_at: at.meta({ description: "When the node reported last." }),
    state: z.enum(NODE_STATES).meta({
      description:
        "`degraded`: at work, with trouble. `lost`: it has not reported for 15 s and has not said goodbye. Lost nodes are forgotten after an hour.",
    }),
    connections: z.int(),
    users: z.int().meta({ description: "People among the connections." }),
    loop_lag_p99_ms: z.number().meta({ description: "Of the last 30 s." }),
    memory_bytes: z.int().meta({ description: "Resident." }),
    cpu_percent: z.number().meta({ description: "Of one core, since the report before." }),
    dependencies: z
      .record(z.string(), dependencyShape)
      .meta({ description: "`postgres` and `redis`; API nodes `bus`, workers `push` (they have keys)." }),
    trouble: z.string().nullable().meta({ description: "What is wrong, in words, and since when." }),
    trouble_since: at.nullable(),
    drain_asked: z.boolean().meta({ description: "Somebody asked it to drain." }),
  })
  .meta({ id: "ClusterNode" });

export type NodeShape = z.infer<typeof nodeShape>;

export const nodesResult = z.object({ nodes: z.array(nodeShape), incomplete });

export type NodesShape = z.infer<typeof nodesResult>;

const perSecond = z.number();

const ratePoint = z.object({
  at: at.meta({ description: "The end of the step." }),
  messages_per_second: perSecond.meta({ description: "Stored." }),
  deliveries_per_second: perSecond.meta({ description: "Frames handed to connections." }),
  requests_per_second: perSecond.meta({ description: "Over HTTP, without probes." }),
  errors_per_second: perSecond.meta({
    description: "Requests answered with 5xx, and refused socket events that were no fault of the client's.",
  }),
  connections: z.int(),
  ack_p50_ms: milliseconds.meta({
    description: "From a `send_message` event to its acknowledgement; null when there was none.",
  }),
  ack_p99_ms: milliseconds,
  pushes_per_second: perSecond.meta({ description: "Tries that ended, whatever came of them." }),
  push_failures_per_second: perSecond.meta({ description: "Neither accepted nor gone." }),
});

export const ratesResult = z.object({
  step_seconds: z.int(),
  points: z.array(ratePoint).meta({ description: "The oldest first. Steps without a report are left out." }),
  incomplete,
});

export type RatesShape = z.infer<typeof ratesResult>;

const alertShape = z
  .object({
    code: z.string().meta({ description: "The name of the rule in docs/runbooks.md." }),
    severity: z.enum(["warning", "critical"]),
    since: at,
    subject: z.string().meta({ description: "The node, queue or push service that it is about; `cluster`." }),
    summary: z.string(),
    what_to_do: z.string(),
    runbook: z.string().meta({ description: "Path and anchor, as `docs/runbooks.md#parleynodedown`." }),
  })
  .meta({ id: "Alert" });

export type AlertShape = z.infer<typeof alertShape>;

export const alertsResult = z.object({
  alerts: z.array(alertShape).meta({ description: "The critical ones first." }),
  incomplete,
});

export type AlertsShape = z.infer<typeof alertsResult>;

const failureShape = z.object({
  job_id: z.string(),
  name: z.string(),
  failed_at: at,
  reason: z.string(),
  attempts: z.int(),
});

export const queueShape = z
  .object({
    name: z.enum(QUEUE_NAMES),
    paused: z.boolean(),
    waiting: z.int().meta({ description: "Ready to run, those of a paused queue included." }),
    active: z.int(),
    delayed: z.int(),
    failed: z.int().meta({ description: "Kept for a look: at most 5,000 of the last 7 days." }),
    completed: z.int().meta({ description: "Kept for a look: at most 1,000 of the last hour." }),
    oldest_waiting_seconds: z.number().nullable(),
    workers: z.int().meta({ description: "Live workers that take jobs of this queue." }),
    slots: z.int().meta({ description: "Jobs that those can run at the same time." }),
    trouble: z.string().nullable().meta({ description: "Why it is stuck, and what to do." }),
    recent_failures: z.array(failureShape).meta({ description: "The newest 20." }),
  })
  .meta({ id: "JobQueue" });

export type QueueShape = z.infer<typeof queueShape>;

export const queuesResult = z.object({ queues: z.array(queueShape), incomplete });

export type QueuesShape = z.infer<typeof queuesResult>;

export const queueParams = z.object({ name: z.enum(QUEUE_NAMES) });

export const retryResult = z.object({
  name: z.enum(QUEUE_NAMES),
  retried: z.int().meta({ description: "Jobs that wait again." }),
});
