import type { JobName } from "./catalogue.js";

/**
 * The queues of the cluster. Pushes have queues of their own because only workers with keys take them, and because a push service that
 * hangs must not keep anything else waiting; a campaign's hundred thousand have another one, so that no message's push waits behind
 * them. What decides about notifications waits neither for those nor for housekeeping, and housekeeping does not wait for exports and erasures,
 * of which somebody may ask for hundreds at once.
 */
export const QUEUE_NAMES = ["jobs", "data", "notifications", "campaigns", "push", "push-bulk"] as const;

export type QueueName = (typeof QUEUE_NAMES)[number];

/** Those that only a worker with VAPID keys can serve. */
export const PUSH_QUEUE_NAMES = ["push", "push-bulk"] as const satisfies readonly QueueName[];

/** The queue of a job; `bulk` when it is part of something large that nobody waits for. */
export function queueOf(job: JobName, { bulk = false }: { bulk?: boolean | undefined } = {}): QueueName {
  if (job.startsWith("push.")) return bulk ? "push-bulk" : "push";
  if (job.startsWith("campaigns.")) return "campaigns";
  if (job === "data.run") return "data";
  return job.startsWith("notifications.") ? "notifications" : "jobs";
}
