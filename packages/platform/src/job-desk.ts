import type { Log } from "./logger.js";
import type { QueueControl } from "./queue-control.js";
import { type JobData, type JobQueue, type OpenQueue, openQueue, QueueUnavailable } from "./queues.js";

export interface JobDeskOptions<Name extends string> {
  /** The queues that can be asked. */
  names: readonly Name[];
  redisUrl: string;
  log: Log;
  /** First part of the queues' keys in Redis. */
  prefix: string;
}

/** Where a process asks for work of others, in several queues. */
export interface JobDesk<Name extends string> {
  queues: Record<Name, JobQueue>;
  /** What operators do with each. */
  control(queue: Name): QueueControl;
  /** Asks without waiting. What can't be asked for now, because Redis is away, is dropped: it must be found by a sweeper. */
  ask(queue: Name, request: { job: string; data: JobData; delayMs?: number | undefined }): void;
  close(): Promise<void>;
}

/** Opens the asking side of several queues. */
export function openJobDesk<Name extends string>(options: JobDeskOptions<Name>): JobDesk<Name> {
  const { names, log, ...connection } = options;
  const queues = Object.fromEntries(
    names.map((name) => [name, openQueue({ name, log, ...connection })]),
  ) as Record<Name, OpenQueue>;
  return {
    queues,
    control: (name) => queues[name].control,
    ask: (name, { job, data, delayMs }) => {
      queues[name].add(job, data, delayMs === undefined ? {} : { delayMs }).catch((error: unknown) => {
        // That Redis is away has been said by its connection.
        if (!(error instanceof QueueUnavailable))
          log.warn({ err: error, job }, "A job could not be asked for");
      });
    },
    close: async () => {
      await Promise.all(names.map((name) => queues[name].close()));
    },
  };
}
