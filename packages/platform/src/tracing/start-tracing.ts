import { NO_TRACING, type Tracing, useTracing } from "./tracing.js";
import type { TracingConfig } from "./tracing-config.js";

export interface TracedService {
  /** `parley-api`, `parley-worker`. */
  name: string;
  node: string;
}

/** Begins to trace what this process does, where a collector is configured. Call it before anything is opened; close it last. */
export async function startTracing(config: TracingConfig, service: TracedService): Promise<Tracing> {
  const endpoint = config.OTEL_EXPORTER_OTLP_ENDPOINT;
  if (endpoint === undefined) {
    useTracing(NO_TRACING);
    return NO_TRACING;
  }
  // Loaded when it is needed: it takes memory.
  const { openOtlpTracing } = await import("./otlp-tracing.js");
  const opened = openOtlpTracing({
    endpoint,
    headers: headersOf(config.OTEL_EXPORTER_OTLP_HEADERS ?? ""),
    ratio: config.OTEL_TRACES_SAMPLER_ARG,
    service,
  });
  useTracing(opened);
  return opened;
}

function headersOf(pairs: string): Record<string, string> {
  const entries = pairs.split(",").filter((pair) => pair !== "");
  return Object.fromEntries(
    entries.map((pair) => {
      const at = pair.indexOf("=");
      return [pair.slice(0, at), decodeURIComponent(pair.slice(at + 1))];
    }),
  );
}
