import type { Job, Queue } from "bullmq";

/** A job that has failed for good, as it is kept for a look. */
export interface FailedJob {
  id: string;
  job: string;
  failedAt: Date;
  /** What it was thrown with, in the form that is safe to show. */
  reason: string;
  attempts: number;
}

/** How a queue stands. */
export interface QueueLook {
  paused: boolean;
  /** Ready to run; those of a paused queue, too. */
  waiting: number;
  active: number;
  delayed: number;
  failed: number;
  completed: number;
  /** How long the job that has waited longest has been ready to run; null: none waits. */
  oldestWaitingMs: number | null;
  /** The newest first. */
  failures: FailedJob[];
  /** When a job was done last; null: none of the last hour is known. */
  lastDoneAt: Date | null;
}

/** What operators look at and do. Every call fails at once, with QueueUnavailable, while Redis is away. */
export interface QueueControl {
  /** With so many of the newest failures. */
  look(options: { failures: number }): Promise<QueueLook>;
  /** No worker begins a job of the queue any more, until it is resumed. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Has all failed jobs run again; resolves with how many these are. */
  retryFailed(): Promise<number>;
}

/** Jobs that one call moves; a call keeps Redis from everything else. */
const RETRIED_AT_ONCE = 500;

export function createQueueControl(reach: () => Promise<Queue>): QueueControl {
  return {
    look: async ({ failures }) => look(await reach(), failures),
    pause: async () => (await reach()).pause(),
    resume: async () => (await reach()).resume(),
    retryFailed: async () => {
      const queue = await reach();
      const failed = await queue.getFailedCount();
      await queue.retryJobs({ state: "failed", count: RETRIED_AT_ONCE });
      return Math.max(0, failed - (await queue.getFailedCount()));
    },
  };
}

async function look(queue: Queue, failures: number): Promise<QueueLook> {
  const [counts, isPaused, oldest, failed, done] = await Promise.all([
    queue.getJobCounts("waiting", "active", "delayed", "failed", "completed"),
    queue.isPaused(),
    oldestWaitingMs(queue),
    queue.getFailed(0, failures - 1),
    queue.getCompleted(0, 0),
  ]);
  const { waiting = 0, active = 0, delayed = 0, failed: failedCount = 0, completed = 0 } = counts;
  const lastDoneAt = done[0]?.finishedOn;
  return {
    paused: isPaused,
    waiting,
    active,
    delayed,
    failed: failedCount,
    completed,
    oldestWaitingMs: oldest,
    failures: (failed as Job[]).flatMap(failedJob),
    lastDoneAt: lastDoneAt === undefined ? null : new Date(lastDoneAt),
  };
}

/** How long the job that has waited longest has been ready to run, in ms; null: none waits. */
export async function oldestWaitingMs(queue: Queue): Promise<number | null> {
  const [oldest] = await queue.getJobs(["waiting"], 0, 0, true);
  if (oldest === undefined) return null;
  return Math.max(0, Date.now() - oldest.timestamp - (oldest.opts.delay ?? 0));
}

function failedJob(job: Job | undefined): FailedJob[] {
  // One that was retried or removed meanwhile.
  if (job === undefined) return [];
  const { id = "", name, finishedOn = job.timestamp, failedReason = "", attemptsMade } = job;
  return [
    {
      id,
      job: name,
      failedAt: new Date(finishedOn),
      reason: failedReason.slice(0, 300),
      attempts: attemptsMade,
    },
  ];
}
