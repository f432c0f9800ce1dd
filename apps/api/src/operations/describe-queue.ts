import type { QueueName, QueueShape } from "@parley/contracts";
import { PUSH_QUEUE_NAMES } from "@parley/contracts";
import type { QueueLook } from "@parley/platform";
import { describeDuration } from "./describe-trouble.js";

export interface QueueFacts {
  name: QueueName;
  look: QueueLook;
  /** Live workers that take jobs of the queue, and how many they can run at once. */
  workers: number;
  slots: number;
}

/** How long a job may wait before it is trouble, in ms: campaigns wait for one another, as do exports, and nobody waits for them. */
const PATIENCE_MS: Record<QueueName, number> = {
  jobs: 60_000,
  notifications: 60_000,
  push: 60_000,
  data: 1_800_000,
  campaigns: 1_800_000,
  "push-bulk": 1_800_000,
};
/** So many failures, with nothing done since the first of them, are no accident. */
const FAILURES_IN_A_ROW = 3;

/** A queue as operators see it. */
export function describeQueue(facts: QueueFacts): QueueShape {
  const { name, look, workers, slots } = facts;
  return {
    name,
    paused: look.paused,
    waiting: look.waiting,
    active: look.active,
    delayed: look.delayed,
    failed: look.failed,
    completed: look.completed,
    oldest_waiting_seconds:
      look.oldestWaitingMs === null ? null : Math.round(look.oldestWaitingMs / 100) / 10,
    workers,
    slots,
    trouble: troubleOf(facts),
    recent_failures: look.failures.map(({ id, job, failedAt, reason, attempts }) => ({
      job_id: id,
      name: job,
      failed_at: failedAt.toISOString(),
      reason,
      attempts,
    })),
  };
}

function troubleOf(facts: QueueFacts): string | null {
  const found = [pausedOf(facts), unservedOf(facts), lateOf(facts), failingOf(facts)].filter(
    (words) => words !== undefined,
  );
  return found.length === 0 ? null : found.join(" ");
}

function pausedOf({ look }: QueueFacts): string | undefined {
  if (!look.paused) return undefined;
  return `Somebody has paused it; ${jobs(look.waiting)} wait until it is resumed.`;
}

function unservedOf({ name, look, workers }: QueueFacts): string | undefined {
  const asked = look.waiting + look.active + look.delayed;
  if (workers > 0 || asked === 0) return undefined;
  const needsKeys = (PUSH_QUEUE_NAMES as readonly QueueName[]).includes(name);
  const which = needsKeys ? "a worker with VAPID_PUBLIC_KEY and VAPID_PRIVATE_KEY" : "a worker";
  return `No live worker takes its jobs, and ${jobs(asked)} are there: start ${which}, or look at the nodes for why one is lost or draining.`;
}

function lateOf({ name, look, workers, slots }: QueueFacts): string | undefined {
  const { oldestWaitingMs, active, paused } = look;
  if (paused || workers === 0 || oldestWaitingMs === null || oldestWaitingMs <= PATIENCE_MS[name])
    return undefined;
  const wait = `The oldest job waits ${describeDuration(oldestWaitingMs)}`;
  if (active >= slots)
    return `${wait} while all ${slots} slots are busy: add workers, or look for what makes the running jobs slow.`;
  return `${wait} although only ${active} of ${slots} slots are busy: a worker may hang; restart it, and others take its jobs.`;
}

function failingOf({ look }: QueueFacts): string | undefined {
  const { lastDoneAt, failures } = look;
  const since = failures.filter(({ failedAt }) => lastDoneAt === null || failedAt > lastDoneAt);
  const [newest] = since;
  if (newest === undefined || since.length < FAILURES_IN_A_ROW) return undefined;
  return `The last ${since.length} jobs failed, the newest one (${newest.job}) with "${newest.reason}": mend that, then retry the failed ones.`;
}

const jobs = (count: number) => (count === 1 ? "1 job" : `${count} jobs`);
