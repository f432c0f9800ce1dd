import type { Invocation, Outcome } from "./history-entry.js";

/** An attempt with its end; one without an end is as open as one that ended in `info`. */
export interface Operation {
  invoke: Invocation;
  outcome: Outcome | undefined;
}
