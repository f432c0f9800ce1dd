/** Where somebody stands in a trace: what the W3C header `traceparent` says. */
export type TracePlace = string;

/** What a piece of work is in its trace. */
export interface Span {
  /** Such as `GET /v1/chat/{id}`: a kind of work, never one with ids. */
  name: string;
  kind: SpanKind;
  attributes?: SpanAttributes;
}

/** `server` and `consumer` begin a trace where there is none; `client` and `producer` are only recorded within one. */
export type SpanKind = "server" | "client" | "producer" | "consumer";

/** Never contents, tokens or addresses of people: traces leave the cluster. */
export type SpanAttributes = Record<string, string | number | boolean>;

/** What a piece of work may say about itself when it knows. */
export interface OpenSpan {
  rename(name: string): void;
  set(attributes: SpanAttributes): void;
  /** Marks it as failed. */
  fail(code: string): void;
}

/** Follows one request through processes: from a call to the statements, the bus, and the jobs that it brings about. */
export interface Tracing {
  /**
   * Runs the work as a span of the trace that it is called in, or of the one that `from` names; and so that what it calls finds it. With `linkedWith`
   * the span only points at a place in another trace.
   */
  run<Result>(
    span: Span & { from?: TracePlace | undefined; linkedWith?: TracePlace | undefined },
    work: (span: OpenSpan) => Result,
  ): Result;
  /** Runs work that several callers wait for as a span of each: within the first one's trace, and linked with those of the others. */
  runShared<Result>(span: Span, callers: readonly TracePlace[], work: () => Result): Result;
  /** Where the caller stands; undefined where nothing is recorded. */
  here(): TracePlace | undefined;
  /** The id of the trace that is recorded here, for log lines. */
  traceId(): string | undefined;
  /** Sends what is still kept. */
  close(): Promise<void>;
}

const SILENT: OpenSpan = { rename: () => undefined, set: () => undefined, fail: () => undefined };

/** Records nothing and costs nothing. */
export const NO_TRACING: Tracing = {
  run: (_span, work) => work(SILENT),
  runShared: (_span, _callers, work) => work(),
  here: () => undefined,
  traceId: () => undefined,
  close: async () => undefined,
};

let current: Tracing = NO_TRACING;

/** The process's tracing; records nothing until `startTracing` has been called. */
export function tracing(): Tracing {
  return current;
}

/** Sets what `tracing` returns: once, at the process's start. */
export function useTracing(chosen: Tracing): void {
  current = chosen;
}
