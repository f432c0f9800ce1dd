import { collectDefaultMetrics, Histogram, Registry } from "prom-client";

export { Counter, Gauge, Histogram, type Registry } from "prom-client";

export interface MetricsOptions {
  /** The node's name. */
  node: string;
  /** The program: `api`, `worker`, … */
  process: string;
}

export interface Metrics {
  /** Where a process's own counters, gauges and histograms are registered. */
  registry: Registry;
  /** The current values in the text form that Prometheus reads. */
  text(): Promise<string>;
  contentType: string;
}

const LAG_SAMPLE_MS = 100;

/** Makes a process's metrics: Node's own under the prefix `parley_`, and a histogram of the event loop's lag. */
export function createMetrics(options: MetricsOptions): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ node: options.node, process: options.process });
  collectDefaultMetrics({ register: registry, prefix: "parley_" });
  observeLoopLag(registry);
  return { registry, text: () => registry.metrics(), contentType: registry.contentType };
}

/** A gauge shows only the moment of a scrape; the histogram keeps the short stalls between two scrapes too. */
function observeLoopLag(registry: Registry): void {
  const lag = new Histogram({
    name: "parley_event_loop_lag_seconds",
    help: "How late a timer of 100 ms fires",
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers: [registry],
  });
  let expected = performance.now() + LAG_SAMPLE_MS;
  const sample = () => {
    const now = performance.now();
    lag.observe(Math.max(0, now - expected) / 1000);
    expected = now + LAG_SAMPLE_MS;
    setTimeout(sample, LAG_SAMPLE_MS).unref();
  };
  setTimeout(sample, LAG_SAMPLE_MS).unref();
}
