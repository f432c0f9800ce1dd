/** Where somebody stands in a trace, as the process around the engine writes it. */
export type TracePlace = string;

/** What a piece of work is in its trace; never with contents. */
export interface TracedWork {
  name: string;
  kind: "client" | "producer";
  attributes?: Record<string, string | number | boolean>;
}

/** Follows a request through what it waits for. */
export interface TracePort {
  run<Result>(work: TracedWork, does: () => Result): Result;
  /** For what several callers wait for together. */
  runShared<Result>(work: TracedWork, callers: readonly TracePlace[], does: () => Result): Result;
  /** Where the caller stands; undefined where nothing is recorded. */
  here(): TracePlace | undefined;
}

/** Nothing is recorded. */
export const untraced: TracePort = {
  run: (_work, does) => does(),
  runShared: (_work, _callers, does) => does(),
  here: () => undefined,
};
