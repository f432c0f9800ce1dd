const CAPACITY = 50_000;

/** Remembers what this process last wrote about each user, so that a token is not written again with every request. */
export class KnownUsers {
  readonly #fingerprints = new Map<string, string>();
  readonly #writing = new Map<string, Promise<void>>();

  /** True when this is news about the user. */
  note(userId: string, fingerprint: string): boolean {
    if (this.#fingerprints.get(userId) === fingerprint) return false;
    this.#fingerprints.delete(userId);
    this.#fingerprints.set(userId, fingerprint);
    if (this.#fingerprints.size > CAPACITY) {
      const oldest = this.#fingerprints.keys().next();
      if (!oldest.done) this.#fingerprints.delete(oldest.value);
    }
    return true;
  }

  /** What is being written about the user; takes a promise that never rejects. */
  follow(userId: string, write: Promise<void>): void {
    this.#writing.set(userId, write);
    void write.then(() => {
      if (this.#writing.get(userId) === write) this.#writing.delete(userId);
    });
  }

  /** Resolves when nothing is being written about the user any more. */
  async settled(userId: string): Promise<void> {
    await this.#writing.get(userId);
  }

  forget(userId: string): void {
    this.#fingerprints.delete(userId);
  }
}
