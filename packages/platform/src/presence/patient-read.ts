import type { PresenceStore } from "./presence-store.js";

/** How long Redis is left alone after it failed, so that not every reader waits for it. */
const REST_MS = 1_000;

/** Makes a way to read from Redis that answers undefined while Redis is away, and soon. Never rejects. */
export function patientRead<Input, Answer>(
  store: PresenceStore,
  read: (input: Input) => Promise<Answer>,
): (input: Input) => Promise<Answer | undefined> {
  let restUntil = 0;
  return async (input) => {
    if (!store.isReady || performance.now() < restUntil) return undefined;
    try {
      return await read(input);
    } catch {
      restUntil = performance.now() + REST_MS;
      return undefined;
    }
  };
}
