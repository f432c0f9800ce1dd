import type { QueueShape } from "@parley/contracts";
import type { AlertFinding } from "./finding.js";
import { lastMinutes } from "./rate-alerts.js";
import { type Step, sumOf } from "./read-steps.js";

const MINUTES = 10;
/** A job that fails once in a long while is tried again and is nothing to speak of. */
const FAILURES_TO_JUDGE = 3;
const PUSHES_TO_JUDGE = 12;

/** What queues and the workers' counters say is wrong with jobs and pushes. */
export function jobAlerts(
  { queues, steps }: { queues: readonly QueueShape[]; steps: readonly Step[] },
  now: Date,
): AlertFinding[] {
  const recent = lastMinutes(steps, { minutes: MINUTES, now });
  return [
    ...queues.flatMap((queue) => queueAlerts(queue, now)),
    ...failingJobs(recent, now),
    ...sweeperAlerts(recent),
    ...pushAlerts(recent, now),
  ];
}

function queueAlerts(queue: QueueShape, now: Date): AlertFinding[] {
  const { name, trouble, waiting, workers, paused, oldest_waiting_seconds: oldest } = queue;
  const isStuck = trouble !== null && waiting > 0 && (paused || workers === 0 || (oldest ?? 0) > 60);
  if (!isStuck) return [];
  const since = new Date(now.getTime() - (oldest ?? 0) * 1_000);
  const findings: AlertFinding[] = [
    {
      code: "ParleyQueueStuck",
      since,
      subject: name,
      summary: `The queue ${name} does not move. ${trouble}`,
    },
  ];
  if (name === "push" && workers === 0) {
    const summary = "Notifications are to be pushed, and no live worker has keys.";
    findings.push({ code: "ParleyNoPushWorker", since, subject: "cluster", summary });
  }
  return findings;
}

function failingJobs(steps: readonly Step[], now: Date): AlertFinding[] {
  return namesOf(steps, "job.failed:").flatMap((job) => {
    const failed = sumOf(steps, `job.failed:${job}`);
    const share = failed / (failed + sumOf(steps, `job.done:${job}`));
    if (failed < FAILURES_TO_JUDGE || share <= 0.1) return [];
    const summary = `${Math.round(share * 100)} % of the jobs ${job} of ${MINUTES} minutes failed.`;
    return [
      {
        code: "ParleyJobsFailing" as const,
        since: firstWith(steps, `job.failed:${job}`) ?? now,
        subject: job,
        summary,
      },
    ];
  });
}

/** Only where a worker has counted for the whole time: a cluster that has just started has swept nothing yet. */
function sweeperAlerts(steps: readonly Step[]): AlertFinding[] {
  const worked = steps.filter(({ samples }) => samples.some(({ kind }) => kind === "worker"));
  const [since, last] = [worked[0]?.at, worked.at(-1)?.at];
  if (since === undefined || last === undefined) return [];
  const covered = last.getTime() - since.getTime() >= (MINUTES - 1) * 60_000;
  if (!covered || sumOf(steps, "job.done:notifications.sweep") > 0) return [];
  const summary = `The sweeper has not run for ${MINUTES} minutes.`;
  return [{ code: "ParleySweeperStopped", since, subject: "cluster", summary }];
}

function pushAlerts(steps: readonly Step[], now: Date): AlertFinding[] {
  return namesOf(steps, "push.ended:").flatMap((service): AlertFinding[] => {
    const ended = sumOf(steps, `push.ended:${service}`);
    const failed = sumOf(steps, `push.failed:${service}`);
    const refused = sumOf(steps, `push.unauthorised:${service}`);
    const findings: AlertFinding[] = [];
    if (ended >= PUSHES_TO_JUDGE && failed / ended > 0.2) {
      const since = firstWith(steps, `push.failed:${service}`) ?? now;
      const summary = `${Math.round((failed / ended) * 100)} % of the pushes of ${MINUTES} minutes were not taken by ${service}.`;
      findings.push({ code: "ParleyPushesFailing", since, subject: service, summary });
    }
    if (refused > 1) {
      const since = firstWith(steps, `push.unauthorised:${service}`) ?? now;
      const summary = `${service} does not accept the VAPID keys: ${refused} pushes of ${MINUTES} minutes were answered with 401 or 403.`;
      findings.push({ code: "ParleyPushKeysRefused", since, subject: service, summary });
    }
    return findings;
  });
}

function namesOf(steps: readonly Step[], prefix: string): string[] {
  const names = steps.flatMap(({ samples }) => samples.flatMap(({ counters }) => Object.keys(counters)));
  return [...new Set(names)]
    .filter((name) => name.startsWith(prefix))
    .map((name) => name.slice(prefix.length));
}

function firstWith(steps: readonly Step[], counter: string): Date | undefined {
  return steps.find((step) => sumOf([step], counter) > 0)?.at;
}
