import { type JobQueue, type Log, QueueUnavailable } from "@parley/platform";

/**
 * Asks for one sweep that looks at every chat, for what happened while no worker ran: as soon as Redis can be reached, which may be long
 * after the start.
 */
export function sweepAtStart({ queue, log }: { queue: JobQueue; log: Log }): void {
  let isAsked = false;
  queue.onReady(() => {
    if (isAsked) return;
    isAsked = true;
    queue.add("notifications.sweep", { full: true }).catch((error: unknown) => {
      if (error instanceof QueueUnavailable) isAsked = false;
      else log.error({ err: error }, "The first sweep could not be asked for");
    });
  });
}
