import { setTimeout as sleep } from "node:timers/promises";

const PATIENCE_MS = 2_000;

/** Remembers work that nobody waits for, so that a stopping node can give it a moment. */
export class PendingWork {
  readonly #running = new Set<Promise<unknown>>();

  /** Takes a promise that never rejects. */
  add(work: Promise<unknown>): void {
    this.#running.add(work);
    void work.finally(() => this.#running.delete(work));
  }

  async settle(): Promise<void> {
    const patience = new AbortController();
    await Promise.race([
      Promise.all(this.#running),
      sleep(PATIENCE_MS, undefined, { signal: patience.signal }).catch(() => undefined),
    ]);
    patience.abort();
  }
}
