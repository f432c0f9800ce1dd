import { type CounterRule, createDeltas, type Metrics, readCounters } from "@parley/platform";

const NOT_TAKEN = new Set<unknown>(["retry_later", "refused", "too_large", "unauthorised"]);

const RULES: readonly CounterRule[] = [
  { metric: "parley_pushes_total", name: ({ service }) => `push.ended:${service}` },
  {
    metric: "parley_pushes_total",
    name: ({ service, outcome }) => (NOT_TAKEN.has(outcome) ? `push.failed:${service}` : undefined),
  },
  {
    metric: "parley_pushes_total",
    name: ({ service, outcome }) => (outcome === "unauthorised" ? `push.unauthorised:${service}` : undefined),
  },
  { metric: "parley_job_seconds", name: ({ job_name, outcome }) => `job.${outcome}:${job_name}` },
  {
    metric: "parley_notifications_swept_total",
    name: ({ step }) => (step === "due" ? "overdue" : undefined),
  },
  { metric: "parley_integrity_faults_total", name: () => "integrity" },
  { metric: "parley_unrenderable_notifications_total", name: () => "unrenderable" },
];

/** Makes what tells how much a worker's own metrics have grown since it was asked last. */
export function createWorkerCounters(metrics: Metrics): () => Promise<Record<string, number>> {
  const grown = createDeltas();
  return async () => {
    const totals = await readCounters(metrics, RULES);
    const entries = Object.entries(totals).map(([name, total]) => [name, grown(name, total)] as const);
    return Object.fromEntries(entries.filter(([, count]) => count > 0));
  };
}
