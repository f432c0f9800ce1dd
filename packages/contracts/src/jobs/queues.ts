import type { JobName } from "./catalogue.js";

/**
 * The queues of the cluster. A campaign's hundred thousand pushes have one of their own, so that no message's push ever waits behind them;
 * neither of the two waits behind housekeeping.
 */
export const QUEUE_NAMES = ["jobs", "push", "push-bulk"] as const;

export type QueueName = (typeof QUEUE_NAMES)[number];

/** The queue of a job; `bulk` when it is part of something large that nobody waits for. */
export function queueOf(job: JobName, { bulk = false }: { bulk?: boolean | undefined } = {}): QueueName {
  if (bulk || job.startsWith("campaigns.")) return "push-bulk";
  return job.startsWith("push.") || job.startsWith("notifications.") ? "push" : "jobs";
}
