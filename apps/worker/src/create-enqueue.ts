import { PUSH_QUEUE_NAMES, type QueueName, queueOf } from "@parley/contracts";
import type { Enqueue } from "@parley/engine";
import type { JobDesk } from "@parley/platform";

/** Jobs that may wait for workers with keys, of which there may be none. */
const MOST_UNTAKEN = 1_000;

/**
 * Makes the engine's `enqueue`. A worker without keys does not know whether there is one with them: it asks for pushes only while few
 * wait, so that Redis is not filled for ever. What it does not ask for, the sweeper finds when there is room again.
 */
export function createEnqueue({ desk, hasKeys }: { desk: JobDesk<QueueName>; hasKeys: boolean }): Enqueue {
  const needKeys: readonly QueueName[] = PUSH_QUEUE_NAMES;
  return (job, data, { delayMs, bulk } = {}) => {
    const name = queueOf(job, { bulk });
    const ask = () => desk.ask(name, { job, data, delayMs });
    if (hasKeys || !needKeys.includes(name)) return ask();
    desk.queues[name].counts().then(
      ({ waiting = 0, delayed = 0 }) => {
        if (waiting + delayed < MOST_UNTAKEN) ask();
      },
      // Redis is away, or does not answer: then nothing could be asked for either.
      () => undefined,
    );
  };
}
