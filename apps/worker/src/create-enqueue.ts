import { PUSH_QUEUE_NAMES, type QueueName, queueOf } from "@parley/contracts";
import type { Enqueue } from "@parley/engine";
import type { JobDesk } from "@parley/platform";

/** Jobs that may wait for workers with keys, of which there may be none, and exports and erasures. */
const MOST_UNTAKEN = 1_000;

/**
 * Makes the engine's `enqueue`. A worker without keys does not know whether there is one with them: it asks for pushes only while few
 * wait, so that Redis is not filled for ever. So it is with exports and erasures, for which the sweeper asks again every minute while they wait
 * for their turn. What is not asked for, the sweeper finds when there is room again.
 */
export function createEnqueue({ desk, hasKeys }: { desk: JobDesk<QueueName>; hasKeys: boolean }): Enqueue {
  const bounded: readonly QueueName[] = hasKeys ? ["data"] : ["data", ...PUSH_QUEUE_NAMES];
  return (job, data, { delayMs, bulk } = {}) => {
    const name = queueOf(job, { bulk });
    const ask = () => desk.ask(name, { job, data, delayMs });
    if (!bounded.includes(name)) return ask();
    desk.queues[name].counts().then(
      ({ waiting = 0, delayed = 0 }) => {
        if (waiting + delayed < MOST_UNTAKEN) ask();
      },
      // Redis is away, or does not answer: then nothing could be asked for either.
      () => undefined,
    );
  };
}
