import { z } from "zod";
import { positiveInt, textField } from "../fields.js";
import {
  alertsResult,
  nodesResult,
  queueParams,
  queuesResult,
  ratesResult,
  retryResult,
} from "./cluster-shapes.js";
import type { Operation } from "./operation.js";

const tag = "Operations";
const roles = ["admin"] as const;

/** The most minutes that samples are kept for. */
const KEPT_MINUTES = 60;

const nodeParams = z.object({ node_id: z.string().regex(/^[\w.:-]{1,100}$/) });
const pausedResult = z.object({ name: queueParams.shape.name, paused: z.boolean() });

export const clusterOperations = {
  listNodes: {
    method: "get",
    path: "/v1/admin/nodes",
    tag,
    summary: "How every API node and worker is",
    description:
      "From what each reports every few seconds; nobody is asked while you wait. While Redis is away, the node that answers tells of itself alone and says so in `incomplete`.",
    roles,
    status: 200,
    result: nodesResult,
  },
  drainNode: {
    method: "post",
    path: "/v1/admin/nodes/{node_id}/drain",
    tag,
    summary: "Have a node hand its clients, or its jobs, over to the others",
    description:
      "Within seconds the node is not ready any more, takes no new connections (a worker: no new jobs) and sends its clients away at a bounded pace. It stays, still answers over HTTP, and does not come back by itself: stop or restart it then.",
    roles,
    params: nodeParams,
    body: z.object({ reason: textField(500).optional() }),
    status: 202,
    result: z.object({ node_id: z.string(), drain_asked: z.literal(true) }),
  },
  rates: {
    method: "get",
    path: "/v1/admin/rates",
    tag,
    summary: "Rates and latencies of the last minutes, over all nodes",
    roles,
    query: z.object({
      minutes: positiveInt.transform((m) => Math.min(m, KEPT_MINUTES)).default(KEPT_MINUTES),
    }),
    status: 200,
    result: ratesResult,
  },
  listAlerts: {
    method: "get",
    path: "/v1/admin/alerts",
    tag,
    summary: "What is wrong at the moment, and what to do",
    description:
      "The conditions of `infra/prometheus` that can be judged from nodes' reports, queues and pushes. It replaces no monitoring: nobody is called, and nothing is remembered.",
    roles,
    status: 200,
    result: alertsResult,
  },
  listQueues: {
    method: "get",
    path: "/v1/admin/queues",
    tag,
    summary: "The job queues, and why one is stuck",
    roles,
    status: 200,
    result: queuesResult,
  },
  pauseQueue: {
    method: "post",
    path: "/v1/admin/queues/{name}/pause",
    tag,
    summary: "Have no job of a queue begun, by no worker",
    description: "Jobs that run are finished. It stays so until somebody resumes the queue.",
    roles,
    params: queueParams,
    status: 200,
    result: pausedResult,
  },
  resumeQueue: {
    method: "post",
    path: "/v1/admin/queues/{name}/resume",
    tag,
    summary: "Go on with a paused queue",
    roles,
    params: queueParams,
    status: 200,
    result: pausedResult,
  },
  retryFailedJobs: {
    method: "post",
    path: "/v1/admin/queues/{name}/retry-failed",
    tag,
    summary: "Run all failed jobs of a queue again",
    roles,
    params: queueParams,
    status: 200,
    result: retryResult,
  },
} as const satisfies Record<string, Operation>;
