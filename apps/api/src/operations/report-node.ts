import { randomUUID } from "node:crypto";
import type { NodeReport, NodeSample } from "@parley/contracts";
import {
  createProcessReporter,
  type Finding,
  type Health,
  type Log,
  type Metrics,
  NodeReporter,
  type ReportBoard,
} from "@parley/platform";
import { parleyVersion } from "../docs/version.js";
import type { LiveCounts } from "../realtime/start-realtime.js";
import { createApiCounters } from "./api-counters.js";

export interface ReportNodeOptions {
  node: string;
  board: ReportBoard;
  health: Health;
  metrics: Metrics;
  /** Callers that wait for a database connection. */
  pool: () => { waiting: number };
  counts: () => LiveCounts;
  /** Starts what a drain asks for; the process stays. */
  drain: () => void;
  log: Log;
}

/** What a node tells of itself. */
export interface OwnReport {
  reporter: NodeReporter;
  /** As it is at this moment, whether or not Redis is there. */
  look: () => Promise<NodeReport>;
}

/** A wave of clients passes. */
const CLIENTS_PATIENCE_MS = 60_000;
const DIRECTORY_PATIENCE_MS = 60_000;

/** Has this API node report how it is, and prepares what it answers about itself. Call `reporter.start`. */
export function reportNode(options: ReportNodeOptions): OwnReport {
  const { node, board, metrics, counts, drain, log } = options;
  const instance = randomUUID();
  const findings = () => liveFindings(options);
  const lookAtProcess = createProcessReporter({ ...options, findings });
  const count = createApiCounters(metrics);
  const version = parleyVersion();
  const look = async (): Promise<NodeReport> => {
    const { connections, users } = counts();
    const process = await lookAtProcess();
    return { kind: "api", version, instance, ...process, connections, users, slots: {} };
  };
  const sample = async (): Promise<Omit<NodeSample, "seconds">> => ({
    node,
    instance,
    kind: "api",
    connections: counts().connections,
    ...(await count()),
  });
  return { look, reporter: new NodeReporter({ board, node, instance, look, sample, onDrain: drain, log }) };
}

async function liveFindings({ counts, metrics }: ReportNodeOptions): Promise<Finding[]> {
  const { waiting } = counts();
  const directory = (await metrics.registry.getSingleMetric("parley_user_directory_up")?.get())?.values[0];
  return [
    ...(waiting > 0
      ? [{ code: "clients_waiting", detail: `${waiting} wait`, patienceMs: CLIENTS_PATIENCE_MS }]
      : []),
    ...(directory?.value === 0 ? [{ code: "user_directory", patienceMs: DIRECTORY_PATIENCE_MS }] : []),
  ];
}
