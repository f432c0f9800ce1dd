import { type JobName, type QueueName, queueOf } from "@parley/contracts";
import { COMMITS_KEPT_MS } from "@parley/engine";
import { type JobData, type JobDesk, type Log, QueueUnavailable } from "@parley/platform";
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
    ...fileSchedules(config),
    // Whatever is set here: a chat may have a retention of its own.
    {
      id: "archive.run",
      job: "archive.run",
      everyMs: config.ARCHIVE_EVERY_SECONDS * 1000,
      data: {},
    },
    // Who asked has put it into the queue as well, unless Redis was away.
    { id: "archive.asked", job: "archive.asked", everyMs: 60_000, data: {} },
    {
      id: "search.index",
      job: "search.index",
      everyMs: config.SEARCH_INDEX_EVERY_SECONDS * 1000,
      data: {},
    },
    {
      id: "chats.verify",
      job: "chats.verify",
      everyMs: config.VERIFY_EVERY_SECONDS * 1000,
      data: { limit: 500 },
    },
    {
      id: "archive.verify",
      job: "archive.verify",
      everyMs: config.VERIFY_EVERY_SECONDS * 1000,
      data: { limit: 100 },
    },
    // A job is asked for with the task; this is for those whose worker or Redis died.
    { id: "data.sweep", job: "data.sweep", everyMs: 60_000, data: {} },
    // A node reads the log every few seconds; what it has not read for this long, it has lost touch with anyway.
    {
      id: "commits.prune",
      job: "commits.prune",
      everyMs: 60_000,
      data: { olderThanMs: COMMITS_KEPT_MS },
    },
    { id: "engagement.count", job: "engagement.count", everyMs: 30_000, data: {} },
    {
      id: "notifications.sweep",
      job: "notifications.sweep",
      everyMs: config.NOTIFICATION_SWEEP_SECONDS * 1000,
      data: { full: false },
    },
    {
      id: "notifications.prune",
      job: "notifications.prune",
      everyMs: 3_600_000,
      data: { olderThanMs: config.NOTIFICATIONS_KEPT_DAYS * DAY_MS },
    },
  ];
}

const DAY_MS = 24 * 3_600_000;

/** Files of deleted messages go within minutes; looking through the whole storage is worth once a day. */
function fileSchedules({ STORAGE_PATH, S3_BUCKET }: WorkerConfig): Schedule[] {
  if (STORAGE_PATH === undefined && S3_BUCKET === undefined) return [];
  return [
    { id: "files.collect", job: "files.collect", everyMs: 60_000, data: { sweep: false } },
    { id: "files.sweep", job: "files.collect", everyMs: DAY_MS, data: { sweep: true } },
  ];
}
const LOOK_EVERY_MS = 30_000;

/**
 * Puts the schedules into Redis and sees to it that they stay there: Redis may come later, go, and come back empty. Every worker does it; one
 * schedule is one schedule, however many put it there. Returns what ends it.
 */
export function keepSchedules(
  context: { desk: Pick<JobDesk<QueueName>, "queues">; log: Log },
  schedules: Schedule[],
): () => void {
  const { desk, log } = context;
  let ended = false;
  const look = async () => {
    for (const { id, ...plan } of schedules) {
      if (ended) return;
      await desk.queues[queueOf(plan.job)].schedule(id, plan);
    }
  };
  const lookSafely = () => {
    look().catch((error: unknown) => {
      // That Redis is away has been said by its connection.
      if (!ended && !(error instanceof QueueUnavailable))
        log.error({ err: error }, "The schedules could not be put into Redis");
    });
  };
  // One of the queues is enough: all are in the same Redis.
  desk.queues.jobs.onReady(lookSafely);
  const timer = setInterval(lookSafely, LOOK_EVERY_MS).unref();
  return () => {
    ended = true;
    clearInterval(timer);
  };
}
