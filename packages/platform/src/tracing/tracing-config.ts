import { z } from "zod";

/** What a process reads from its environment about traces; the names are OpenTelemetry's own. */
export const tracingConfigFields = {
  OTEL_EXPORTER_OTLP_ENDPOINT: z
    .url({ protocol: /^https?$/, error: "must be an http(s) URL" })
    .optional()
    .meta({
      description:
        "Collector that is sent traces, as OTLP over HTTP (`/v1/traces` below this address); left out, there are none.",
    }),
  OTEL_EXPORTER_OTLP_HEADERS: z
    .string()
    .regex(/^([\w-]+=[^,]*)(,[\w-]+=[^,]*)*$/, "must be name=value pairs with commas between")
    .optional()
    .meta({
      description: "Headers for the collector, such as its key: name=value pairs with commas between.",
    }),
  OTEL_TRACES_SAMPLER_ARG: z.coerce.number("must be a number from 0 to 1").min(0).max(1).default(1).meta({
    description:
      "Share of the traces that are recorded, also of those that a followed `traceparent` names; the same for all nodes and workers, or traces have holes.",
  }),
} as const;

export type TracingConfig = z.output<z.ZodObject<typeof tracingConfigFields>>;
