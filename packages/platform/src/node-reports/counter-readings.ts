import type { Metrics } from "../metrics.js";

type Labels = Readonly<Record<string, string | number | undefined>>;

/** Which values of a counter, or of a histogram's count, are told under which name. */
export interface CounterRule {
  metric: string;
  /** undefined: the value is left out. */
  name: (labels: Labels) => string | undefined;
}

export interface BucketRule {
  histogram: string;
  /** Which series are added up. */
  where: (labels: Labels) => boolean;
}

interface Reading {
  value: number;
  labels: Labels;
  metricName?: string;
}

/** What registered counters stand at, by the rules' names. */
export async function readCounters(
  metrics: Pick<Metrics, "registry">,
  rules: readonly CounterRule[],
): Promise<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (const { metric, name } of rules) {
    for (const { value, labels, metricName } of await readingsOf(metrics, metric)) {
      if (metricName !== undefined && metricName !== metric && metricName !== `${metric}_count`) continue;
      const key = name(labels);
      if (key !== undefined) sums[key] = (sums[key] ?? 0) + value;
    }
  }
  return sums;
}

/** How often a histogram's values fell between each bound and the one before; the last is beyond all bounds. */
export async function readBuckets(
  metrics: Pick<Metrics, "registry">,
  { histogram, where }: BucketRule,
): Promise<number[]> {
  const upTo = new Map<number, number>();
  for (const { value, labels, metricName } of await readingsOf(metrics, histogram)) {
    if (metricName !== `${histogram}_bucket` || !where(labels)) continue;
    const bound = labels.le === "+Inf" ? Number.POSITIVE_INFINITY : Number(labels.le);
    upTo.set(bound, (upTo.get(bound) ?? 0) + value);
  }
  const totals = [...upTo].sort(([one], [other]) => one - other).map(([, total]) => total);
  return totals.map((total, place) => total - (totals[place - 1] ?? 0));
}

async function readingsOf({ registry }: Pick<Metrics, "registry">, metric: string): Promise<Reading[]> {
  const found = registry.getSingleMetric(metric);
  return found === undefined ? [] : ((await found.get()).values as Reading[]);
}

/** Tells what has been added since it was asked last: nothing ever runs backwards, and what stayed is left out. */
export function createDeltas(): (name: string, total: number) => number {
  const last = new Map<string, number>();
  return (name, total) => {
    const before = last.get(name) ?? 0;
    last.set(name, total);
    return Math.max(0, total - before);
  };
}
