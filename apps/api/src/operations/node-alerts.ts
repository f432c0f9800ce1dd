import type { AlertCode } from "./alert-guide.js";
import { describeTrouble } from "./describe-trouble.js";
import type { AlertFinding } from "./finding.js";
import type { SeenNode } from "./read-nodes.js";
import type { Step } from "./read-steps.js";
import type { Told } from "./told.js";

/** A node's own findings, and how long each may last before it is an alert, in ms. */
const BY_TROUBLE: Readonly<Record<string, { code: AlertCode; afterMs: number }>> = {
  postgres: { code: "ParleyDatabaseUnavailable", afterMs: 10_000 },
  redis: { code: "ParleyRedisUnavailable", afterMs: 10_000 },
  bus: { code: "ParleyBusDown", afterMs: 30_000 },
  storage: { code: "ParleyStorageUnavailable", afterMs: 60_000 },
  loop_lag: { code: "ParleyLoopLag", afterMs: 30_000 },
  file_descriptors: { code: "ParleyFileDescriptorsShort", afterMs: 0 },
  pool_waiting: { code: "ParleyDatabasePoolShort", afterMs: 120_000 },
  clients_waiting: { code: "ParleyClientsWaiting", afterMs: 300_000 },
  user_directory: { code: "ParleyUserDirectoryDown", afterMs: 300_000 },
};

const RESTARTS = 3;
const RESTART_MINUTES = 15;

/** What the nodes' reports say is wrong. */
export function nodeAlerts({ part: nodes, incomplete }: Told<SeenNode[]>, now: Date): AlertFinding[] {
  const own = nodes.flatMap((node) => alertsOfNode(node, now));
  // Whether a worker is at work can't be told where only one node is known.
  return incomplete === null ? [...own, ...workerAlerts(nodes, now)] : own;
}

function alertsOfNode({ report, shape }: SeenNode, now: Date): AlertFinding[] {
  const subject = shape.id;
  if (shape.state === "lost") {
    const summary = `${subject}: ${shape.trouble}.`;
    return [{ code: "ParleyNodeDown", since: new Date(shape.seen_at), subject, summary }];
  }
  return report.troubles.flatMap((trouble) => {
    const rule = BY_TROUBLE[trouble.code];
    const since = new Date(trouble.since);
    if (rule === undefined || now.getTime() - since.getTime() < rule.afterMs) return [];
    return [{ code: rule.code, since, subject, summary: `${subject}: ${describeTrouble(trouble, now)}.` }];
  });
}

function workerAlerts(nodes: readonly SeenNode[], now: Date): AlertFinding[] {
  const workers = nodes.filter(({ report }) => report.kind === "worker");
  if (workers.some(({ shape }) => shape.state === "ready" || shape.state === "degraded")) return [];
  const seen = workers
    .map(({ shape }) => shape.seen_at)
    .sort()
    .at(-1);
  const since = seen === undefined ? now : new Date(seen);
  const summary = "No worker is at work: nothing is pushed and no job is done.";
  return [{ code: "ParleyNoWorker", since, subject: "cluster", summary }];
}

/** Processes that start again and again. It takes nodes with fixed names. */
export function restartAlerts(steps: readonly Step[], now: Date): AlertFinding[] {
  const from = now.getTime() - RESTART_MINUTES * 60_000;
  const runs = new Map<string, Map<string, Date>>();
  for (const { at, samples } of steps) {
    if (at.getTime() < from) continue;
    for (const { node, instance } of samples) {
      const instances = runs.get(node) ?? new Map<string, Date>();
      if (!instances.has(instance)) instances.set(instance, at);
      runs.set(node, instances);
    }
  }
  return [...runs].flatMap(([subject, instances]) => {
    const since = [...instances.values()][0];
    if (instances.size <= RESTARTS || since === undefined) return [];
    const summary = `${subject} has started ${instances.size - 1} times in ${RESTART_MINUTES} minutes.`;
    return [{ code: "ParleyRestarting" as const, since, subject, summary }];
  });
}
