import { PUSH_QUEUE_NAMES, QUEUE_NAMES, type QueueName, queueOf } from "@parley/contracts";
import {
  type Health,
  type JobDesk,
  type JobRun,
  type JobWorker,
  type Logger,
  openWorker,
} from "@parley/platform";
import type { WorkerConfig } from "./config.js";
import type { JobContext } from "./jobs/job.js";
import type { PushSender } from "./push/push-sender.js";
import type { Work } from "./report-worker.js";
import { keepSchedules, schedulesOf } from "./schedules.js";
import { sweepAtStart } from "./sweep-at-start.js";

/** Jobs of each queue that run at the same time in this process. */
const JOBS_AT_ONCE: Record<QueueName, number> = {
  // Four may be at it for hours: the archive by the clock, for all chats and for one, and the index of a database that was brought up to date.
  jobs: 6,
  // However many exports and erasures were asked for, no more of them read the database at the same time.
  data: 2,
  notifications: 4,
  campaigns: 2,
  push: 8,
  "push-bulk": 2,
};

/** Takes jobs from all queues that this process can work for, and keeps the schedules. */
export function startWork(
  parts: {
    config: WorkerConfig;
    log: Logger;
    desk: JobDesk<QueueName>;
    health: Health;
    hasKeys: boolean;
    context: JobContext;
    sender: PushSender | undefined;
  },
  run: (job: JobRun) => Promise<void>,
): Work {
  const { config, log, desk, health, hasKeys, context, sender } = parts;
  const connection = { redisUrl: config.REDIS_URL, prefix: config.REDIS_PREFIX, log };
  const names = queuesOf(hasKeys);
  const workers = names.map((name) =>
    openWorker({ name, ...connection, concurrency: JOBS_AT_ONCE[name], run }),
  );
  const endSchedules = keepSchedules({ desk, log }, schedulesOf(config));
  sweepAtStart({ queue: desk.queues[queueOf("notifications.sweep")], log });
  let drained: Promise<void> | undefined;
  const drain = async () => {
    log.info({}, "The worker drains");
    health.setDraining();
    endSchedules();
    context.archive.stopping.abort();
    context.search.stopping.abort();
    await stopWorkers(workers, sender);
  };
  return {
    slots: () =>
      drained === undefined ? Object.fromEntries(names.map((name) => [name, JOBS_AT_ONCE[name]])) : {},
    drain: () => {
      drained ??= drain();
      return drained;
    },
  };
}

/** What it takes work from. Pushes are left to workers that have keys. */
function queuesOf(hasKeys: boolean): QueueName[] {
  const needKeys: readonly QueueName[] = PUSH_QUEUE_NAMES;
  return QUEUE_NAMES.filter((name) => hasKeys || !needKeys.includes(name));
}

/** The jobs that run are ended, and the pushes that they wait for: who has no turn yet is left for the next worker. */
async function stopWorkers(workers: JobWorker[], sender: PushSender | undefined): Promise<void> {
  const closed = Promise.all(workers.map((worker) => worker.close()));
  await sender?.close();
  await closed;
}
