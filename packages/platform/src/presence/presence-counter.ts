import { patientRead } from "./patient-read.js";
import { PRESENCE_BATCH, type PresenceStore } from "./presence-store.js";

/** Makes the function that counts who is there by group; null while Redis is away. Never rejects. */
export function createPresenceCounter(
  store: PresenceStore,
): (groups: string[]) => Promise<Array<number | null>> {
  const count = patientRead(store, (groups: string[]) => store.count(groups));
  return async (groups) => {
    const counts: Array<number | null> = [];
    for (let from = 0; from < groups.length; from += PRESENCE_BATCH) {
      const batch = groups.slice(from, from + PRESENCE_BATCH);
      counts.push(...((await count(batch)) ?? batch.map(() => null)));
    }
    return counts;
  };
}
