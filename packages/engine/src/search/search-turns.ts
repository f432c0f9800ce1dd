import { ParleyError } from "@parley/contracts";

const AT_ONCE = 4;
const MOST_WAITING = 40;
/** Of one person: others find places, and turns, whatever somebody asks. */
const AT_ONCE_EACH = 2;
const MOST_WAITING_EACH = 4;
const RETRY_AFTER_MS = 1_000;

interface Waiting {
  userId: string;
  begin: () => void;
}

/** Lets a few searches in at a time, so that they never take every database connection of a process, and fewer of each person. */
export class SearchTurns {
  #running = 0;
  readonly #runningOf = new Map<string, number>();
  readonly #waiting: Waiting[] = [];

  /** Runs the work when its turn has come. Throws rate_limited when too many of the person's wait already, overloaded when too many of all do. */
  async take<Result>(userId: string, work: () => Promise<Result>): Promise<Result> {
    if (this.#mayRun(userId)) this.#begin(userId);
    else await this.#wait(userId);
    try {
      return await work();
    } finally {
      this.#end(userId);
    }
  }

  #mayRun(userId: string): boolean {
    return this.#running < AT_ONCE && (this.#runningOf.get(userId) ?? 0) < AT_ONCE_EACH;
  }

  #wait(userId: string): Promise<void> {
    const own = this.#waiting.filter((one) => one.userId === userId).length;
    if (own >= MOST_WAITING_EACH) throw new ParleyError("rate_limited", { retryAfterMs: RETRY_AFTER_MS });
    if (this.#waiting.length >= MOST_WAITING)
      throw new ParleyError("overloaded", { retryAfterMs: RETRY_AFTER_MS });
    return new Promise<void>((begin) => this.#waiting.push({ userId, begin }));
  }

  #begin(userId: string): void {
    this.#running++;
    this.#runningOf.set(userId, (this.#runningOf.get(userId) ?? 0) + 1);
  }

  #end(userId: string): void {
    this.#running--;
    const left = (this.#runningOf.get(userId) ?? 0) - 1;
    if (left > 0) this.#runningOf.set(userId, left);
    else this.#runningOf.delete(userId);
    const next = this.#waiting.findIndex((one) => this.#mayRun(one.userId));
    const [waiting] = next === -1 ? [] : this.#waiting.splice(next, 1);
    if (waiting === undefined) return;
    // Before it goes on, so that nobody comes in between.
    this.#begin(waiting.userId);
    waiting.begin();
  }
}
