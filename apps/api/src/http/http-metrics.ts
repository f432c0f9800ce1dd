import { Counter, Histogram, type Metrics } from "@parley/platform";
import { ALARMING_CODES } from "../alarming-codes.js";

export type HttpMetrics = ReturnType<typeof createHttpMetrics>;

/** The numbers of the HTTP side. Labels take few values: never a path, an id or a user. */
export function createHttpMetrics({ registry }: Pick<Metrics, "registry">) {
  const registers = [registry];
  const errors = new Counter({
    name: "parley_http_errors_total",
    help: "Failed requests by code",
    labelNames: ["code"] as const,
    registers,
  });
  for (const code of ALARMING_CODES) errors.inc({ code }, 0);
  return {
    duration: new Histogram({
      name: "parley_http_request_duration_seconds",
      help: "Time from a request's head to the end of its answer",
      labelNames: ["method", "route", "status_class"] as const,
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    }),
    errors,
    rateLimited: new Counter({
      name: "parley_http_rate_limited_total",
      help: "Requests over a limit: of a user, of an address without a token, of messages, or of searches",
      labelNames: ["kind"] as const,
      registers,
    }),
  };
}
