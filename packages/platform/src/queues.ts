import { setTimeout as sleep } from "node:timers/promises";
import { Queue, Worker } from "bullmq";
import { logError } from "./log-error.js";
import type { Log } from "./logger.js";
import { createQueueControl, oldestWaitingMs, type QueueControl } from "./queue-control.js";
import { connectRedis, type Redis } from "./redis.js";
import { tracing } from "./tracing/tracing.js";
import { within } from "./within.js";

/** Ids and numbers; never contents, which would leave the database by this way. */
export type JobData = Readonly<
  Record<string, string | number | boolean | null | undefined | readonly (string | number)[]>
>;

export interface QueueConnection {
  /** The queue's name; without colons. */
  name: string;
  redisUrl: string;
  log: Log;
  /** First part of the queue's keys in Redis. */
  prefix?: string;
}

/** The side that asks for work. Every call fails at once, with QueueUnavailable, while Redis is away. */
export interface JobQueue {
  /** `id` makes the job unique as long as one with that id is waiting, running or kept. */
  add(job: string, data: JobData, options?: { id?: string; delayMs?: number }): Promise<void>;
  /**
   * Sees to it that a job is added every `everyMs`, from now on. May be called as often as one likes: it replaces a schedule with
   * another interval and renews one that has been lost or has stopped, and leaves a good one alone.
   */
  schedule(id: string, plan: { everyMs: number; job: string; data: JobData }): Promise<void>;
  /** Jobs by state: waiting, active, delayed, failed. */
  counts(): Promise<Record<string, number>>;
  /** How long the job that has waited longest has been ready to run, in ms; 0 when none waits. */
  oldestWaitingMs(): Promise<number>;
  /** Calls back each time Redis has become reachable, the first time included. */
  onReady(callback: () => void): void;
  close(): Promise<void>;
}

/** A queue with what operators do with it. */
export interface OpenQueue extends JobQueue {
  control: QueueControl;
}

/** Redis is away: the work has to be found by its sweeper, or asked for again. */
export class QueueUnavailable extends Error {
  override readonly name = "QueueUnavailable";
}

const PREFIX = "parley";

/** The braces keep a queue's keys on one node of a Redis cluster. */
export const keyPrefix = (prefix: string) => `{${prefix}}`;

/** Putting a schedule in again runs its job at once: workers that are only late don't deserve that. */
const OVERDUE_MS = 10_000;

/** While a worker ends, Redis is asked this often whether it is still there; it is not when so many questions in a row were not answered in time. */
const ASKED_EVERY_MS = 200;
const ANSWERED_WITHIN_MS = 2_000;
const LEFT_OPEN = 2;

const JOB_OPTIONS = {
  attempts: 3,
  backoff: { type: "exponential", delay: 1000, jitter: 0.5 },
  removeOnComplete: { count: 1000, age: 3600 },
  removeOnFail: { count: 5000, age: 7 * 24 * 3600 },
  stackTraceLimit: 0,
  sizeLimit: 16_384,
};

/** Opens the asking side of a queue. Does not wait for Redis and does not fail without it. */
export function openQueue({ name, redisUrl, log, prefix = PREFIX }: QueueConnection): OpenQueue {
  const redis = connectRedis({ url: redisUrl, role: "queue-producer", log, key: keyPrefix(prefix) });
  const reach = queueOpener(redis, { name, prefix });
  return {
    add: async (job, data, { id, delayMs } = {}) => {
      const asked = tracing().here();
      const queue = await reach();
      await queue.add(job, data, {
        ...(id === undefined ? {} : { jobId: id }),
        ...(asked === undefined ? {} : { telemetry: { metadata: asked } }),
        ...(delayMs === undefined ? {} : { delay: delayMs }),
      });
    },
    schedule: async (id, { everyMs, job, data }) => {
      const queue = await reach();
      const known = await queue.getJobScheduler(id);
      const isOverdue = Date.now() > (known?.next ?? 0) + everyMs + OVERDUE_MS;
      if (known?.every === everyMs && known.name === job && !isOverdue) return;
      await queue.upsertJobScheduler(id, { every: everyMs }, { name: job, data, opts: { attempts: 1 } });
    },
    counts: async () => (await reach()).getJobCounts("waiting", "active", "delayed", "failed"),
    oldestWaitingMs: async () => (await oldestWaitingMs(await reach())) ?? 0,
    control: createQueueControl(reach),
    onReady: (callback) => {
      redis.on("ready", callback);
      if (redis.status === "ready") callback();
    },
    close: async () => {
      redis.disconnect();
    },
  };
}

/** A BullMQ queue waits for ever when it is made without Redis: so it is made when Redis is there, and again if that failed. */
export function queueOpener(
  redis: Redis,
  { name, prefix }: { name: string; prefix: string },
): () => Promise<Queue> {
  let opened: Queue | undefined;
  return async () => {
    if (redis.status !== "ready") throw new QueueUnavailable("Redis is away, so no job can be queued.");
    const queue =
      opened ??
      new Queue(name, { connection: redis, prefix: keyPrefix(prefix), defaultJobOptions: JOB_OPTIONS });
    if (!opened) queue.on("error", () => undefined);
    opened = queue;
    try {
      await queue.waitUntilReady();
      return queue;
    } catch (cause) {
      if (opened === queue) opened = undefined;
      throw new QueueUnavailable("Redis went away, so no job can be queued.", { cause });
    }
  };
}

/** A job as its handler gets it. */
export interface JobRun {
  id: string;
  job: string;
  data: unknown;
  /** 1 at the first try. */
  attempt: number;
}

export interface WorkerOptions extends QueueConnection {
  /** Jobs that run at the same time in this process. */
  concurrency?: number;
  /** Does the job; a rejection makes it tried again, as often as the queue's policy says. */
  run: (job: JobRun) => Promise<void>;
}

export interface JobWorker {
  /** Takes no more jobs and waits until the running ones are done. */
  close(): Promise<void>;
}

/** Opens the working side of a queue. Waits for Redis in the background, at the start and after each outage. */
export function openWorker({
  name,
  redisUrl,
  log,
  prefix = PREFIX,
  concurrency = 4,
  run,
}: WorkerOptions): JobWorker {
  const redis = connectRedis({ url: redisUrl, role: "queue-worker", log, key: keyPrefix(prefix) });
  const running = new Set<Promise<void>>();
  const worker = new Worker(
    name,
    async (job) => {
      const begun = { id: job.id ?? "", job: job.name, data: job.data, attempt: job.attemptsMade + 1 };
      const span = {
        name: `job ${job.name}`,
        kind: "consumer",
        attributes: { "messaging.system": "bullmq", "messaging.destination.name": name },
        from: job.opts.telemetry?.metadata,
      } as const;
      const work = tracing().run(span, () => runLogged(begun, { run, log }));
      running.add(work);
      await work.finally(() => running.delete(work));
    },
    { connection: redis, prefix: keyPrefix(prefix), concurrency, runRetryDelay: 1000 },
  );
  // Connection errors have been logged, once, by the connection.
  worker.on("error", () => undefined);
  return {
    close: async () => {
      // Without Redis the worker can't report its jobs as done and would wait for ever: then it is enough that they are.
      const closing = new AbortController();
      const stranded = whenLost(redis, closing.signal).then(() => Promise.allSettled(running));
      await Promise.race([worker.close(), stranded]);
      closing.abort();
      worker.disconnect().catch(() => undefined);
      redis.disconnect();
    },
  };
}

/** Resolves when Redis is gone, or hangs: its connection would notice that later than the whole process may take to end. */
async function whenLost(redis: Redis, signal: AbortSignal): Promise<void> {
  const closed = new Promise<void>((resolve) => redis.once("close", resolve));
  for (let open = 0; redis.status === "ready" && !signal.aborted; ) {
    // One that comes late may be this process's fault, which was too busy to hear it: it is heard while the next one waits.
    const answer = within(redis.ping(), ANSWERED_WITHIN_MS).then(
      () => 0,
      () => open + 1,
    );
    open = await Promise.race([answer, closed.then(() => LEFT_OPEN)]);
    if (open >= LEFT_OPEN) return;
    if (open === 0)
      await Promise.race([closed, sleep(ASKED_EVERY_MS, undefined, { signal }).catch(() => undefined)]);
  }
}

/** BullMQ stores why a job failed in Redis: only the safe form of the message may get there. */
async function runLogged(job: JobRun, { run, log }: { run: WorkerOptions["run"]; log: Log }): Promise<void> {
  try {
    await run(job);
  } catch (error) {
    log.error({ err: error, job: job.job, jobId: job.id, attempt: job.attempt }, "A job failed");
    throw new Error(logError(error).message);
  }
}
