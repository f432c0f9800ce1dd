import {
  type Context,
  context,
  type Span as OtelSpan,
  SpanKind as OtelSpanKind,
  propagation,
  ROOT_CONTEXT,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
} from "@opentelemetry/sdk-trace-base";
import type { OpenSpan, Span, SpanKind, TracePlace, Tracing } from "./tracing.js";

export interface OtlpOptions {
  /** Address of the collector; `/v1/traces` is added. */
  endpoint: string;
  headers: Record<string, string>;
  /** Share of new traces that is recorded. */
  ratio: number;
  service: { name: string; node: string };
}

const KINDS: Record<SpanKind, OtelSpanKind> = {
  server: OtelSpanKind.SERVER,
  client: OtelSpanKind.CLIENT,
  producer: OtelSpanKind.PRODUCER,
  consumer: OtelSpanKind.CONSUMER,
};

/** They belong to somebody's work; alone they would fill the collector with what every process does all the time. */
const ONLY_WITHIN: ReadonlySet<SpanKind> = new Set(["client", "producer"]);

const SHUTDOWN_MS = 5_000;
/** What waits for a collector that is away; more is dropped. */
const QUEUE_LIMIT = 4_096;
const EXPORT_TIMEOUT_MS = 5_000;
/** Callers that one shared piece of work is linked with. */
const LINK_LIMIT = 32;

/** Tracing by OpenTelemetry. A collector that is away or slow costs spans, never requests. */
export function openOtlpTracing({ endpoint, headers, ratio, service }: OtlpOptions): Tracing {
  const exporter = new OTLPTraceExporter({
    url: `${endpoint.replace(/\/$/, "")}/v1/traces`,
    headers,
    timeoutMillis: EXPORT_TIMEOUT_MS,
  });
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({
      "service.name": service.name,
      "service.instance.id": service.node,
    }),
    // A caller's mark alone records nothing: the share holds for them, too. It depends on the trace's id alone, so that all processes agree.
    sampler: new ParentBasedSampler({
      root: new TraceIdRatioBasedSampler(ratio),
      remoteParentSampled: new TraceIdRatioBasedSampler(ratio),
    }),
    spanProcessors: [new BatchSpanProcessor(exporter, { maxQueueSize: QUEUE_LIMIT })],
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  const tracer = provider.getTracer("parley");

  return {
    run: ({ from, linkedWith, ...span }, work) => {
      const parent = from === undefined ? context.active() : placeOf(from);
      if (ONLY_WITHIN.has(span.kind) && !isRecorded(parent)) return work(NOTHING);
      const links = linkedWith === undefined ? [] : linksTo([linkedWith]);
      const started = tracer.startSpan(span.name, { ...optionsOf(span), links }, parent);
      return within(started, parent, work);
    },
    runShared: (span, callers, work) => {
      const [first, ...others] = callers;
      // In nobody's trace: neither in that of whoever happened to come first.
      if (first === undefined) return context.with(ROOT_CONTEXT, work);
      const parent = placeOf(first);
      const links = linksTo(others.slice(0, LINK_LIMIT));
      return within(tracer.startSpan(span.name, { ...optionsOf(span), links }, parent), parent, work);
    },
    here: () => (isRecorded(context.active()) ? headerOf(context.active()) : undefined),
    traceId: () => {
      const active = context.active();
      return isRecorded(active) ? trace.getSpanContext(active)?.traceId : undefined;
    },
    close: async () => {
      const timer = AbortSignal.timeout(SHUTDOWN_MS);
      const late = new Promise<void>((resolve) => timer.addEventListener("abort", () => resolve()));
      await Promise.race([provider.shutdown().catch(() => undefined), late]);
    },
  };
}

const NOTHING: OpenSpan = { rename: () => undefined, set: () => undefined, fail: () => undefined };

function optionsOf({ kind, attributes }: Span) {
  return { kind: KINDS[kind], ...(attributes && { attributes }) };
}

/** Links to where it can be read where that is. */
function linksTo(places: readonly TracePlace[]) {
  return places.flatMap((place) => {
    const linked = trace.getSpanContext(placeOf(place));
    return linked === undefined ? [] : [{ context: linked }];
  });
}

function isRecorded(place: Context): boolean {
  return trace.getSpan(place)?.isRecording() === true || isSampledElsewhere(place);
}

/** The trace goes on in this process, begun in another. */
function isSampledElsewhere(place: Context): boolean {
  const found = trace.getSpanContext(place);
  return found?.isRemote === true && (found.traceFlags & 1) === 1;
}

function placeOf(traceparent: TracePlace): Context {
  return propagation.extract(ROOT_CONTEXT, { traceparent });
}

function headerOf(place: Context): TracePlace | undefined {
  const carrier: { traceparent?: string } = {};
  propagation.inject(place, carrier);
  return carrier.traceparent;
}

/** Ends the span with the work: at once, or when its promise settles. */
function within<Result>(span: OtelSpan, parent: Context, work: (span: OpenSpan) => Result): Result {
  const inside = trace.setSpan(parent, span);
  try {
    const result = context.with(inside, () => work(openSpan(span)));
    if (!(result instanceof Promise)) {
      span.end();
      return result;
    }
    return result.then(
      (value) => {
        span.end();
        return value;
      },
      (error: unknown) => {
        endFailed(span, error);
        throw error;
      },
    ) as Result;
  } catch (error) {
    endFailed(span, error);
    throw error;
  }
}

function openSpan(span: OtelSpan): OpenSpan {
  return {
    rename: (name) => void span.updateName(name),
    set: (attributes) => void span.setAttributes(attributes),
    fail: (code) => void span.setStatus({ code: SpanStatusCode.ERROR, message: code }),
  };
}

/** The kind of failure and no more: messages of drivers quote what was sent. */
function endFailed(span: OtelSpan, error: unknown): void {
  span.setStatus({ code: SpanStatusCode.ERROR, message: codeOf(error) });
  span.end();
}

function codeOf(error: unknown): string {
  if (typeof error !== "object" || error === null) return "error";
  const { code, name } = error as { code?: unknown; name?: unknown };
  return typeof code === "string" ? code : typeof name === "string" ? name : "error";
}
