import type { Clock } from "../clock.js";

/** Pauses that end together when the client is closed. */
export interface Naps {
  /** False when the client was closed meanwhile. */
  nap(ms: number): Promise<boolean>;
  close(): void;
}

export function createNaps(clock: Clock): Naps {
  const running = new Set<() => void>();
  let closed = false;
  return {
    nap: (ms) =>
      new Promise((resolve) => {
        if (closed) return resolve(false);
        const wake = () => {
          cancel();
          running.delete(wake);
          resolve(!closed);
        };
        const cancel = clock.after(ms, wake);
        running.add(wake);
      }),
    close: () => {
      closed = true;
      for (const wake of [...running]) wake();
    },
  };
}
