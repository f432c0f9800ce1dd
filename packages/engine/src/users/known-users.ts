const CAPACITY = 50_000;

/** What a token or a gateway says about a person, as far as it is needed to see whether it is news. */
export interface Saying {
  /** What is said; the same for the same. */
  fingerprint: string;
  /** When it was said, in ms since 1970. */
  saidAt: number;
  /** The day of the visit. */
  day: string;
}

/**
 * What about a saying has to be written: all of it; only that the person was here, because something newer is known or nothing is new; or
 * nothing.
 */
export type News = "all" | "visit" | "none";

/** Remembers what this process last wrote about each user, so that a token is not written again with every request. */
export class KnownUsers {
  readonly #sayings = new Map<string, Saying>();
  readonly #writing = new Map<string, Promise<void>>();

  /** Compares a saying of one source (a token, a gateway) about a user with the last one, and remembers the newer one. */
  note(key: string, saying: Saying): News {
    const last = this.#sayings.get(key);
    const isVisit = last?.day !== saying.day;
    if (last !== undefined && saying.saidAt < last.saidAt) {
      if (isVisit) this.#remember(key, { ...last, day: saying.day });
      return isVisit ? "visit" : "none";
    }
    if (last?.fingerprint === saying.fingerprint && !isVisit) {
      last.saidAt = saying.saidAt;
      return "none";
    }
    this.#remember(key, saying);
    return "all";
  }

  /** Writes about the user when everything before is written; `write` never rejects. */
  follow(userId: string, write: () => Promise<void>): void {
    const writing = (this.#writing.get(userId) ?? Promise.resolve()).then(write);
    this.#writing.set(userId, writing);
    void writing.then(() => {
      if (this.#writing.get(userId) === writing) this.#writing.delete(userId);
    });
  }

  /** Resolves when nothing is being written about the user any more. */
  async settled(userId: string): Promise<void> {
    await this.#writing.get(userId);
  }

  forget(key: string): void {
    this.#sayings.delete(key);
  }

  /** What all sources have said about the user. */
  forgetAll(userId: string): void {
    for (const key of [userId, gatewayKey(userId)]) this.#sayings.delete(key);
  }

  #remember(key: string, saying: Saying): void {
    this.#sayings.delete(key);
    this.#sayings.set(key, saying);
    if (this.#sayings.size <= CAPACITY) return;
    const oldest = this.#sayings.keys().next();
    if (!oldest.done) this.#sayings.delete(oldest.value);
  }
}

/** The key of what a gateway says about a user, apart from what their tokens say. */
export function gatewayKey(userId: string): string {
  return `${userId}\ngateway`;
}
