import { ParleyError } from "@parley/contracts";

const AT_ONCE = 4;
const MOST_WAITING = 40;

/** Lets a few searches in at a time, so that they never take every database connection of a process. */
export class SearchTurns {
  #running = 0;
  readonly #waiting: Array<() => void> = [];

  /** Runs the work when its turn has come. Throws overloaded when too many wait already. */
  async take<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#running >= AT_ONCE) {
      if (this.#waiting.length >= MOST_WAITING) throw new ParleyError("overloaded", { retryAfterMs: 1_000 });
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else this.#running++;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      // Who waits takes over the place of who goes.
      if (next === undefined) this.#running--;
      else next();
    }
  }
}
