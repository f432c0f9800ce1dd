import { ParleyError } from "@parley/contracts";

const RETRY_AFTER_MS = 2_000;

/** Does something with the storage; when that fails, the caller is told to try again. */
export async function guardStorage<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (cause) {
    throw new ParleyError("storage_unavailable", { retryAfterMs: RETRY_AFTER_MS, cause });
  }
}
