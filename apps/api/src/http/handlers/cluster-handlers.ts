import type { AuditAction } from "@parley/contracts";
import { noteAct } from "@parley/engine";
import type { HandlerContext, Handlers } from "./handler.js";

export const clusterHandlers = {
  listNodes: ({ operations }) => operations.nodes(),

  drainNode: async (context, { params, body }) => {
    await context.operations.drainNode(params.node_id);
    await note(context, {
      action: "node.drain_asked",
      kind: "node",
      id: params.node_id,
      reason: body.reason,
    });
    return { node_id: params.node_id, drain_asked: true };
  },

  rates: ({ operations }, { query }) => operations.rates(query.minutes),

  listAlerts: ({ operations }) => operations.alerts(),

  listQueues: ({ operations }) => operations.queues(),

  pauseQueue: async (context, { params: { name } }) => {
    await context.operations.setPaused(name, true);
    await note(context, { action: "queue.paused", kind: "queue", id: name });
    return { name, paused: true };
  },

  resumeQueue: async (context, { params: { name } }) => {
    await context.operations.setPaused(name, false);
    await note(context, { action: "queue.resumed", kind: "queue", id: name });
    return { name, paused: false };
  },

  retryFailedJobs: async (context, { params: { name } }) => {
    const retried = await context.operations.retryFailed(name);
    await note(context, { action: "queue.failed_retried", kind: "queue", id: name, retried });
    return { name, retried };
  },
} satisfies Partial<Handlers>;

interface Act {
  action: AuditAction;
  kind: "node" | "queue";
  id: string;
  reason?: string | undefined;
  retried?: number;
}

/** After the act: one that Redis refused has not been done. */
function note({ engine, actor }: HandlerContext, { kind, id, retried, ...act }: Act): Promise<void> {
  const detail = retried === undefined ? {} : { retried };
  return noteAct(engine, { ...act, actor, subject: { kind, id }, detail });
}
