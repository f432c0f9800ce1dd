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
  /** How late a timer of 100 ms fired in the last 30 s, at the 99th percentile. */
  loopLagP99Ms(): number;
  /** Lets that begin anew: what was late until now is not looked at any more. */
  forgetLoopLag(): void;
  contentType: string;
}

const LAG_SAMPLE_MS = 100;
/** Samples of the last 30 s. */
const LAG_SAMPLES = 300;
/** As many of them may be later than the 99th percentile. */
const LATER = 2;

/** Makes a process's metrics: Node's own under the prefix `parley_`, and a histogram of the event loop's lag. */
export function createMetrics(options: MetricsOptions): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ node: options.node, process: options.process });
  collectDefaultMetrics({ register: registry, prefix: "parley_" });
  const lag = observeLoopLag(registry);
  return { registry, text: () => registry.metrics(), ...lag, contentType: registry.contentType };
}

/** A gauge shows only the moment of a scrape; the histogram keeps the short stalls between two scrapes too. */
function observeLoopLag(registry: Registry): Pick<Metrics, "loopLagP99Ms" | "forgetLoopLag"> {
  const lag = new Histogram({
    name: "parley_event_loop_lag_seconds",
    help: "How late a timer of 100 ms fires",
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers: [registry],
  });
  const recent: number[] = [];
  let expected = performance.now() + LAG_SAMPLE_MS;
  const sample = () => {
    const now = performance.now();
    const lateMs = Math.max(0, now - expected);
    lag.observe(lateMs / 1000);
    recent.push(lateMs);
    if (recent.length > LAG_SAMPLES) recent.shift();
    expected = now + LAG_SAMPLE_MS;
    setTimeout(sample, LAG_SAMPLE_MS).unref();
  };
  setTimeout(sample, LAG_SAMPLE_MS).unref();
  return {
    // Of a window that is not full yet, the rest was in time: one late timer of a few is no hundredth.
    loopLagP99Ms: () => recent.toSorted((one, other) => other - one)[LATER] ?? 0,
    forgetLoopLag: () => {
      recent.length = 0;
      // The timer that is due may be late by what is forgotten.
      expected = Math.max(expected, performance.now());
    },
  };
}
