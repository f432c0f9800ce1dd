import type { QueueName } from "@parley/contracts";
import { Gauge, type JobDesk, type Metrics } from "@parley/platform";

const STATES = ["waiting", "active", "delayed", "failed"] as const;
/** A scrape must be answered while Redis hangs. */
const PATIENCE_MS = 1_000;

type Queues = JobDesk<QueueName>["queues"];

/** Shows the cluster's queues, as every worker sees them. While Redis can't be asked, there are no values rather than old ones. */
export function createQueueMetrics({ registry }: Pick<Metrics, "registry">, queues: Queues): void {
  const registers = [registry];
  const names = Object.keys(queues) as QueueName[];
  new Gauge({
    name: "parley_queue_jobs",
    help: "Jobs in the cluster's queues by state; every worker tells the same",
    labelNames: ["queue", "state"],
    registers,
    async collect() {
      const counted = await ask(names, (queue) => queues[queue].counts());
      this.reset();
      for (const [queue, counts] of counted)
        for (const state of STATES) this.set({ queue, state }, counts[state] ?? 0);
    },
  });
  new Gauge({
    name: "parley_queue_oldest_seconds",
    help: "How long the job that waits longest has been ready to run, 0 when none waits; every worker tells the same",
    labelNames: ["queue"],
    registers,
    async collect() {
      const ages = await ask(names, (queue) => queues[queue].oldestWaitingMs());
      this.reset();
      for (const [queue, ms] of ages) this.set({ queue }, ms / 1_000);
    },
  });
}

/** The answers of all queues; none when one of them can't be asked, or not in time. */
async function ask<Answer>(
  names: readonly QueueName[],
  question: (queue: QueueName) => Promise<Answer>,
): Promise<Array<[QueueName, Answer]>> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("Redis does not answer in time.")), PATIENCE_MS);
  });
  const answers = Promise.all(
    names.map(async (queue): Promise<[QueueName, Answer]> => [queue, await question(queue)]),
  );
  // That Redis is away has been said by its connection.
  return Promise.race([answers, late])
    .catch(() => [])
    .finally(() => clearTimeout(timer));
}
