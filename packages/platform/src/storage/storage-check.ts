import type { ObjectStorage } from "./object-storage.js";

/** A look at a bucket costs money, and probes come every few seconds from several sides. */
const KEPT_MS = 10_000;
/** Whoever mends the storage wants to see it soon. */
const FAILURE_KEPT_MS = 1_000;

/**
 * Makes a readiness check of a storage. At most one look is under way, however long it takes: each look at a folder whose server hangs
 * holds one of the few threads that all files of the process share.
 */
export function createStorageCheck(
  storage: Pick<ObjectStorage, "check">,
  { keptMs = KEPT_MS, failureKeptMs = FAILURE_KEPT_MS } = {},
): () => Promise<void> {
  let kept: Promise<void> | undefined;
  let keptUntil = 0;
  return () => {
    if (kept && performance.now() < keptUntil) return kept;
    keptUntil = Number.POSITIVE_INFINITY;
    const keepFor = (ms: number) => () => {
      keptUntil = performance.now() + ms;
    };
    kept = storage.check();
    void kept.then(keepFor(keptMs), keepFor(failureKeptMs));
    return kept;
  };
}
