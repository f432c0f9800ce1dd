/** Commands of one user that one node works on at a time; the rest wait their turn. */
const RUNNING = 8;

interface Slots {
  running: number;
  waiting: Array<() => void>;
}

/** Keeps one user's many connections from taking the database from everybody else. What shares commits is not counted. */
export class CommandSlots {
  readonly #users = new Map<string, Slots>();

  async run<Result>(userId: string, work: () => Promise<Result>): Promise<Result> {
    const slots = this.#users.get(userId) ?? { running: 0, waiting: [] };
    this.#users.set(userId, slots);
    if (slots.running >= RUNNING) await new Promise<void>((resolve) => slots.waiting.push(resolve));
    else slots.running++;
    try {
      return await work();
    } finally {
      const next = slots.waiting.shift();
      // The slot goes straight to the next one.
      if (next !== undefined) next();
      else slots.running--;
      if (slots.running === 0) this.#users.delete(userId);
    }
  }
}
