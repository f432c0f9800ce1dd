import type { PoolNumbers } from "../database-metrics.js";
import type { Health } from "../health.js";
import type { Metrics } from "../metrics.js";
import { type Finding, type Trouble, TroubleLog } from "./trouble-log.js";

/** What every process can say of itself. */
export interface ProcessReport {
  startedAt: string;
  draining: boolean;
  loopLagP99Ms: number;
  memoryBytes: number;
  /** Of one core, since the report before. */
  cpuPercent: number;
  dependencies: Record<string, { ok: boolean; latencyMs: number | null; reason: string | null }>;
  troubles: Trouble[];
}

export interface ProcessReporterOptions {
  health: Health;
  metrics: Metrics;
  pool: () => Pick<PoolNumbers, "waiting">;
  /** What else is wrong. */
  findings?: () => Promise<Finding[]>;
}

const LATE_MS = 250;
/** A wave of requests passes. */
const POOL_PATIENCE_MS = 30_000;
const DESCRIPTORS_SHORT = 0.8;

/** Makes what a process says of itself, each time anew. */
export function createProcessReporter(options: ProcessReporterOptions): () => Promise<ProcessReport> {
  const { health, metrics, pool, findings = async () => [] } = options;
  const startedAt = new Date(Date.now() - process.uptime() * 1_000).toISOString();
  const troubles = new TroubleLog();
  const cpuPercent = cpuMeter();
  let hasBeenReady = false;
  return async () => {
    const { ready, draining, dependencies } = await health.ready();
    // A start loads and connects; that it was late then says nothing of the work.
    if (!hasBeenReady) metrics.forgetLoopLag();
    hasBeenReady ||= ready;
    const latencies = health.latencies();
    const lagMs = Math.round(metrics.loopLagP99Ms());
    const found: Finding[] = [...(await findings()), ...(await descriptorFindings(metrics))];
    for (const [name, { ok, detail, required }] of Object.entries(dependencies))
      if (!ok && (required || name !== "push")) found.push({ code: name, detail });
    if (lagMs > LATE_MS) found.push({ code: "loop_lag", detail: `${lagMs} ms` });
    const { waiting } = pool();
    if (waiting > 0)
      found.push({ code: "pool_waiting", detail: `${waiting} wait`, patienceMs: POOL_PATIENCE_MS });
    return {
      startedAt,
      draining,
      loopLagP99Ms: lagMs,
      memoryBytes: process.memoryUsage.rss(),
      cpuPercent: cpuPercent(),
      dependencies: Object.fromEntries(
        Object.entries(dependencies).map(([name, { ok, detail }]) => [
          name,
          { ok, latencyMs: latencies[name] ?? null, reason: ok ? null : (detail?.slice(0, 200) ?? "failed") },
        ]),
      ),
      troubles: troubles.note(found),
    };
  };
}

function cpuMeter(): () => number {
  let usage = process.cpuUsage();
  let at = performance.now();
  return () => {
    const { user, system } = process.cpuUsage(usage);
    const elapsedMs = Math.max(1, performance.now() - at);
    usage = process.cpuUsage();
    at = performance.now();
    return Math.round((user + system) / elapsedMs / 10);
  };
}

async function descriptorFindings({ registry }: Metrics): Promise<Finding[]> {
  const read = async (name: string) => (await registry.getSingleMetric(name)?.get())?.values[0]?.value;
  const [open, most] = [await read("parley_process_open_fds"), await read("parley_process_max_fds")];
  if (open === undefined || most === undefined || open < most * DESCRIPTORS_SHORT) return [];
  return [{ code: "file_descriptors", detail: `${open} of ${most}` }];
}
