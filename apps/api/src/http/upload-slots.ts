import { ParleyError } from "@parley/contracts";

/** Uploads of one user that one node takes at a time. */
const PER_USER = 4;
/** How long a refused client is asked to wait. Milliseconds. */
const RETRY_AFTER_MS = 2_000;

/** Keeps the uploads that are under way at one time few: each holds memory, a storage connection and a place in its sender's quota. */
export class UploadSlots {
  readonly #perNode: number;
  readonly #users = new Map<string, number>();
  #count = 0;

  constructor(perNode: number) {
    this.#perNode = perNode;
  }

  /** Takes a slot, which the returned function gives back. Throws rate_limited for one user's uploads, overloaded for all of them. */
  take(userId: string): () => void {
    const own = this.#users.get(userId) ?? 0;
    if (own >= PER_USER) {
      const message = `You have ${own} uploads under way; wait until one of them has ended, then send this file again.`;
      throw new ParleyError("rate_limited", { message, retryAfterMs: RETRY_AFTER_MS });
    }
    if (this.#count >= this.#perNode) {
      const message =
        "The server has as many uploads under way as it can take; send the file again in a moment.";
      throw new ParleyError("overloaded", { message, retryAfterMs: RETRY_AFTER_MS });
    }
    this.#users.set(userId, own + 1);
    this.#count++;
    return () => this.#giveBack(userId);
  }

  #giveBack(userId: string): void {
    const own = this.#users.get(userId) ?? 0;
    if (own <= 1) this.#users.delete(userId);
    else this.#users.set(userId, own - 1);
    this.#count--;
  }
}
