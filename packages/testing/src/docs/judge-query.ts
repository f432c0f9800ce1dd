import type { DocumentedMetric, MetricsPage } from "./read-metrics-page.js";

export interface KnownSeries {
  page: MetricsPage;
  /** Names of recording rules. */
  recorded: ReadonlySet<string>;
}

/** Labels that every series has: from Prometheus, or from createMetrics. */
const EVERYWHERE = ["job", "instance", "node", "process"];
const SUFFIXES: Record<string, readonly string[]> = { histogram: ["_bucket", "_sum", "_count"] };

/**
 * What a query of rules or a dashboard names that does not exist: series, and labels in matchers and groupings. Does not parse PromQL; that
 * it is PromQL, promtool says.
 */
export function judgeQuery(query: string, { page, recorded }: KnownSeries): string[] {
  const labelsBySeries = seriesOf([...page.api, ...page.worker]);
  const faults: string[] = [];
  const used: string[] = [];
  for (const [, name = "", matchers = ""] of query.matchAll(
    /(?<![\w:])(parley[\w:]*|up)(?![\w:(])(\{[^}]*\})?/g,
  )) {
    const labels = name === "up" || recorded.has(name) ? [] : labelsBySeries.get(name);
    if (labels === undefined) {
      faults.push(`there is no ${name}`);
      continue;
    }
    used.push(...labels);
    for (const [, label = ""] of matchers.matchAll(/(\w+)\s*(?:=~|!~|!=|=)\s*"/g)) {
      if (![...labels, ...EVERYWHERE].includes(label)) faults.push(`${name} has no label ${label}`);
    }
  }
  for (const [, list = ""] of query.matchAll(/\b(?:by|without)\s*\(([^)]*)\)/g)) {
    for (const label of list.split(",").map((one) => one.trim())) {
      if (label !== "" && ![...used, ...EVERYWHERE].includes(label))
        faults.push(`nothing has the label ${label}`);
    }
  }
  if (used.length === 0 && !/\b(parley|up\b)/.test(query)) faults.push("it asks for nothing of ours");
  return faults;
}

function seriesOf(metrics: readonly DocumentedMetric[]): Map<string, string[]> {
  const series = new Map<string, string[]>();
  for (const { name, type, labels } of metrics) {
    const more = type === "histogram" ? ["le"] : [];
    for (const suffix of SUFFIXES[type] ?? [""]) series.set(`${name}${suffix}`, [...labels, ...more]);
  }
  return series;
}
