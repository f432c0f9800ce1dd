/** Lets a bounded number of requests run at the same time, and a bounded number wait. */
export class RequestSlots {
  readonly #limits: { running: number; waiting: number };
  readonly #waiting: Array<() => void> = [];
  #running = 0;

  constructor(limits: { running: number; waiting: number }) {
    this.#limits = limits;
  }

  /** Resolves when the work may begin: true; or at once with false when too much waits. Urgent work comes first. */
  async take({ isUrgent }: { isUrgent: boolean }): Promise<boolean> {
    if (this.#running < this.#limits.running) {
      this.#running++;
      return true;
    }
    if (this.#waiting.length >= this.#limits.waiting) return false;
    await new Promise<void>((resolve) => {
      if (isUrgent) this.#waiting.unshift(resolve);
      else this.#waiting.push(resolve);
    });
    return true;
  }

  /** Gives the place to who waits next. */
  free(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#running--;
  }
}
