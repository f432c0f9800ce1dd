/** Time, as far as the client needs it. */
export interface Clock {
  now(): number;
  /** Runs something later; returns how to call it off. With `idle`, a process that has nothing else to do does not wait for it. */
  after(ms: number, run: () => void, idle?: "idle"): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after: (ms, run, idle) => {
    const timer: unknown = setTimeout(run, ms);
    if (idle !== undefined) unref(timer);
    return () => clearTimeout(timer as Parameters<typeof clearTimeout>[0]);
  },
};

/** In Node a timer is an object that can let go of the process; in browsers it is a number. */
function unref(timer: unknown): void {
  if (typeof timer === "object" && timer !== null && "unref" in timer) (timer as { unref(): void }).unref();
}
