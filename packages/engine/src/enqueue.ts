import type { JobInput, JobName } from "@parley/contracts";

/**
 * Asks for a job. Must not throw and must not wait; losing it is allowed, because the sweeper finds what no job did.
 */
export type Enqueue = <Name extends JobName>(
  job: Name,
  data: JobInput<Name>,
  /** `bulk`: part of something large that nobody waits for. */
  options?: { delayMs?: number; bulk?: boolean },
) => void;
