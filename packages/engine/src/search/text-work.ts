import { setImmediate as nextTurn } from "node:timers/promises";

/** Nobody else on the node waits longer than this and one text. */
const TURN_MS = 10;

/** Work on many texts in turns: whatever they are, others on the node get theirs in between. */
export class TextWork {
  #totalMs = 0;
  #turnMs = 0;

  /** How long the work took so far, without what others did in between. */
  get totalMs(): number {
    return this.#totalMs;
  }

  async run<Result>(work: () => Result): Promise<Result> {
    if (this.#turnMs >= TURN_MS) {
      await nextTurn();
      this.#turnMs = 0;
    }
    const startedAt = performance.now();
    const result = work();
    const tookMs = performance.now() - startedAt;
    this.#totalMs += tookMs;
    this.#turnMs += tookMs;
    return result;
  }
}
