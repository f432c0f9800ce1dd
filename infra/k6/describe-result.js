const COUNTS = ["lost", "doubled", "disordered", "unanswered", "unjudged"];
const VOLUMES = [
  "judged",
  "sent",
  "acknowledged",
  "received",
  "caught_up",
  "refused",
  "uncertain",
  "reconnects",
];
const TIMES = ["parley_ack_ms", "parley_delivery_ms", "parley_connect_ms", "http_req_duration"];

/** The end of a run in words, from what k6 gives `handleSummary`. */
export function describeResult(name, { metrics, state }) {
  const count = (metric) => metrics[`parley_${metric}`]?.values.count ?? 0;
  const line = (names) => names.map((metric) => `${metric.replace("_", " ")} ${count(metric)}`).join(", ");
  const failed = failedThresholds(metrics);
  return [
    "",
    `${name}: ${(state.testRunDurationMs / 1_000).toFixed(0)} s`,
    `  ${line(COUNTS)}`,
    `  ${line(VOLUMES)}`,
    `  failed operations ${percent(metrics.parley_failed)}, failed requests ${percent(metrics.http_req_failed)}`,
    ...TIMES.flatMap((metric) => timeLine(metric, metrics[metric])),
    failed.length === 0 ? "  every threshold was kept" : `  NOT KEPT: ${failed.join("; ")}`,
    "",
  ].join("\n");
}

function failedThresholds(metrics) {
  return Object.entries(metrics).flatMap(([metric, { thresholds = {} }]) =>
    Object.entries(thresholds)
      .filter(([, { ok }]) => !ok)
      .map(([rule]) => `${metric} ${rule}`),
  );
}

function percent(metric) {
  return `${((metric?.values.rate ?? 0) * 100).toFixed(2)} %`;
}

function timeLine(name, metric) {
  if (metric === undefined) return [];
  const figure = (key) => `${key} ${(metric.values[key] ?? 0).toFixed(1)} ms`;
  return [`  ${name}: ${["med", "p(95)", "p(99)", "max"].map(figure).join(", ")}`];
}
