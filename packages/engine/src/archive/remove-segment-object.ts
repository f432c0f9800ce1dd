import type { Engine } from "../engine.js";

/** Removes the object of a segment that is gone for good; null: its bytes were in Postgres. What can't be removed now goes with the sweep of the storage. */
export async function removeSegmentObject(engine: Engine, key: string | null): Promise<void> {
  if (key === null) return;
  await engine.database.segmentFiles.storage?.delete(key).catch((error: unknown) => {
    engine.log.warn({ err: error, key }, "An object of the archive could not be removed; the sweep will");
  });
}
