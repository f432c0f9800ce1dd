const CAPACITY = 50_000;

/** Remembers what this process last wrote about each user, so that a token is not written again with every request. */
export class KnownUsers {
  readonly #fingerprints = new Map<string, string>();

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

  forget(userId: string): void {
    this.#fingerprints.delete(userId);
  }
}
