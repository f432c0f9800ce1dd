/** What the worker provides for exports and erasures. */
export interface DataTaskTools {
  /** Whether this run may go on after a step; another one goes on where it ends. */
  goesOn: () => boolean;
  /** By then every process has learned that somebody is kept out, and what they had under way is over. */
  settleMs: number;
  /** Removes what caches and presence hold of a person. Returns how many entries. */
  forget: (userId: string) => Promise<number>;
  /** For how long an export can be downloaded. */
  exportKeptMs: number;
}

/** In how many milliseconds somebody has to go on; null: the task is over. */
export type RunOutcome = { pauseMs: number } | null;
