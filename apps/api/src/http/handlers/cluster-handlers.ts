import type { Handlers } from "./handler.js";

// Each act of an operator here (drain, pause, resume, retry) belongs into the audit log, with who did it and the reason given.
export const clusterHandlers = {
  listNodes: ({ operations }) => operations.nodes(),

  drainNode: async ({ operations }, { params }) => {
    await operations.drainNode(params.node_id);
    return { node_id: params.node_id, drain_asked: true };
  },

  rates: ({ operations }, { query }) => operations.rates(query.minutes),

  listAlerts: ({ operations }) => operations.alerts(),

  listQueues: ({ operations }) => operations.queues(),

  pauseQueue: async ({ operations }, { params }) => {
    await operations.setPaused(params.name, true);
    return { name: params.name, paused: true };
  },

  resumeQueue: async ({ operations }, { params }) => {
    await operations.setPaused(params.name, false);
    return { name: params.name, paused: false };
  },

  retryFailedJobs: async ({ operations }, { params }) => ({
    name: params.name,
    retried: await operations.retryFailed(params.name),
  }),
} satisfies Partial<Handlers>;
