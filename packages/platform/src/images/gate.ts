/** Runs work when its turn has come; undefined when too much waits already. */
export type Gate = <Result>(work: () => Promise<Result>) => Promise<Result | undefined>;

/** Lets so much work run at once, and so much wait. */
export function createGate({ atOnce, waiting }: { atOnce: number; waiting: number }): Gate {
  const line: Array<() => void> = [];
  let running = 0;
  return async (work) => {
    if (running < atOnce) running++;
    else if (line.length >= waiting) return undefined;
    // Whoever leaves hands its place on.
    else await new Promise<void>((resolve) => line.push(resolve));
    try {
      return await work();
    } finally {
      const next = line.shift();
      if (next) next();
      else running--;
    }
  };
}
