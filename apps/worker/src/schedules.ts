import type { JobName } from "@parley/contracts";
import { COMMITS_KEPT_MS } from "@parley/engine";
import { type JobData, type JobQueue, type Log, QueueUnavailable } from "@parley/platform";
import type { WorkerConfig } from "./config.js";

export interface Schedule {
  id: string;
  job: JobName;
  everyMs: number;
  data: JobData;
}

/** Every job that runs by the clock. */
export function schedulesOf(config: WorkerConfig): Schedule[] {
  return [
    {
      id: "chats.verify",
      job: "chats.verify",
      everyMs: config.VERIFY_EVERY_SECONDS * 1000,
      data: { limit: 500 },
    },
    // A node reads the log every few seconds; what it has not read for this long, it has lost touch with anyway.
    {
      id: "commits.prune",
      job: "commits.prune",
      everyMs: 60_000,
      data: { olderThanMs: COMMITS_KEPT_MS },
    },
  ];
}

const LOOK_EVERY_MS = 30_000;

/**
 * Puts the schedules into Redis and sees to it that they stay there: Redis may come later, go, and come back empty. Every worker does it; one
 * schedule is one schedule, however many put it there. Returns what ends it.
 */
export function keepSchedules(context: { queue: JobQueue; log: Log }, schedules: Schedule[]): () => void {
  const { queue, log } = context;
  let ended = false;
  const look = async () => {
    for (const { id, ...plan } of schedules) {
      if (ended) return;
      await queue.schedule(id, plan);
    }
  };
  const lookSafely = () => {
    look().catch((error: unknown) => {
      // That Redis is away has been said by its connection.
      if (!ended && !(error instanceof QueueUnavailable))
        log.error({ err: error }, "The schedules could not be put into Redis");
    });
  };
  queue.onReady(lookSafely);
  const timer = setInterval(lookSafely, LOOK_EVERY_MS).unref();
  return () => {
    ended = true;
    clearInterval(timer);
  };
}
