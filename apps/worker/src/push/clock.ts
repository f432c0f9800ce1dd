/** Time, as far as pushing needs it. */
export interface Clock {
  /** Milliseconds since 1970: for what others read, such as a token's expiry. */
  now(): number;
  /** Milliseconds since some moment, never set back: for what is waited and measured. */
  monotonic(): number;
  /** Runs something later, without keeping the process alive; returns how to call it off. */
  after(ms: number, run: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms).unref();
    return () => clearTimeout(timer);
  },
};
