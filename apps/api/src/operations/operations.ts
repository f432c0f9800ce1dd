import {
  type AlertsShape,
  type NodesShape,
  ParleyError,
  type QueueName,
  type QueuesShape,
  type RatesShape,
} from "@parley/contracts";
import { type JobDesk, QueueUnavailable } from "@parley/platform";
import { ALERT_GUIDE } from "./alert-guide.js";
import type { AlertFinding } from "./finding.js";
import { jobAlerts } from "./job-alerts.js";
import { nodeAlerts, restartAlerts } from "./node-alerts.js";
import { rateAlerts } from "./rate-alerts.js";
import { type NodesSource, readNodes } from "./read-nodes.js";
import { readQueues } from "./read-queues.js";
import { readRates } from "./read-rates.js";
import { readSteps } from "./read-steps.js";

export interface OperationsParts extends NodesSource {
  desk: Pick<JobDesk<QueueName>, "control">;
  /** Starts what a drain asks for, here. */
  drain: () => void;
}

/** What operators look at and do to the cluster. Looking never fails for want of Redis: it then says what is missing, and why. */
export interface Operations {
  nodes(): Promise<NodesShape>;
  /** Refuses: node_not_found, redis_unavailable. */
  drainNode(node: string): Promise<void>;
  rates(minutes: number): Promise<RatesShape>;
  alerts(): Promise<AlertsShape>;
  queues(): Promise<QueuesShape>;
  /** Refuses: redis_unavailable. */
  setPaused(queue: QueueName, paused: boolean): Promise<void>;
  /** Resolves with how many jobs run again. Refuses: redis_unavailable. */
  retryFailed(queue: QueueName): Promise<number>;
}

export function createOperations(parts: OperationsParts): Operations {
  const { board, desk } = parts;
  return {
    nodes: async () => {
      const { part, incomplete } = await readNodes(parts);
      return { nodes: part.map(({ shape }) => shape), incomplete };
    },
    drainNode: (node) => drainNode(parts, node),
    rates: (minutes) => readRates(board, minutes),
    alerts: () => findAlerts(parts),
    queues: async () => {
      const nodes = await readNodes(parts);
      const { part, incomplete } = await readQueues(desk, nodes.part);
      return { queues: part, incomplete: incomplete ?? nodes.incomplete };
    },
    setPaused: (queue, paused) =>
      reaching(() => (paused ? desk.control(queue).pause() : desk.control(queue).resume())),
    retryFailed: (queue) => reaching(() => desk.control(queue).retryFailed()),
  };
}

async function drainNode(parts: OperationsParts, node: string): Promise<void> {
  const { part, incomplete } = await readNodes(parts);
  const found = part.find(({ shape }) => shape.id === node);
  if (node === parts.node) return parts.drain();
  if (incomplete !== null) throw new ParleyError("redis_unavailable");
  if (found === undefined) throw new ParleyError("node_not_found");
  await reaching(() => parts.board.askDrain({ node, instance: found.report.instance }));
}

async function findAlerts(parts: OperationsParts): Promise<AlertsShape> {
  const now = new Date();
  const [nodes, steps] = await Promise.all([readNodes(parts), readSteps(parts.board, 60)]);
  const queues = await readQueues(parts.desk, nodes.part);
  const findings = [
    ...nodeAlerts(nodes, now),
    ...restartAlerts(steps.part, now),
    ...rateAlerts(steps.part, now),
    ...jobAlerts({ queues: queues.part, steps: steps.part }, now),
  ];
  // Without the bus, missed changes are what is to be expected.
  const isBusDown = nodes.part.some(({ report }) => report.troubles.some(({ code }) => code === "bus"));
  const told = findings.filter(({ code }) => !(isBusDown && code === "ParleyCatchUpGaps"));
  const missing = [nodes, steps, queues].flatMap(({ incomplete }) => incomplete ?? []);
  const alerts = told.map(present);
  const rank = { critical: 0, warning: 1 };
  alerts.sort(
    (one, other) => rank[one.severity] - rank[other.severity] || one.since.localeCompare(other.since),
  );
  return { alerts, incomplete: missing.length === 0 ? null : missing.join(" ") };
}

function present({ code, since, subject, summary }: AlertFinding): AlertsShape["alerts"][number] {
  const { severity, whatToDo } = ALERT_GUIDE[code];
  const runbook = `docs/runbooks.md#${code.toLowerCase()}`;
  return { code, severity, since: since.toISOString(), subject, summary, what_to_do: whatToDo, runbook };
}

async function reaching<Result>(act: () => Promise<Result>): Promise<Result> {
  try {
    return await act();
  } catch (cause) {
    if (cause instanceof ParleyError) throw cause;
    if (cause instanceof QueueUnavailable || isRedisFailure(cause))
      throw new ParleyError("redis_unavailable", { cause });
    throw cause;
  }
}

/** What the client throws when Redis is away, hangs, or refuses. */
function isRedisFailure(error: unknown): boolean {
  return (
    error instanceof Error &&
    /ReplyError|MaxRetries|Connection|timed out|Stream isn't writeable|ECONN/i.test(
      `${error.name} ${error.message}`,
    )
  );
}
