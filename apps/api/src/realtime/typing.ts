import type { Actor } from "@parley/contracts";

interface Typist {
  actor: Actor;
  chatId: string;
  endsAt: number;
}

export interface TypingOptions {
  timeoutMs: number;
  /** Somebody who said that they type went silent. */
  onExpired: (typist: { actor: Actor; chatId: string }) => void;
}

/** Who types on this node: a start that is not refreshed ends by itself. One timer for all. */
export class Typing {
  readonly #typists = new Map<string, Typist>();
  readonly #options: TypingOptions;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: TypingOptions) {
    this.#options = options;
  }

  /** Notes a start; the next one within the time counts as a refresh. */
  start(connectionId: string, input: { actor: Actor; chatId: string }): void {
    const key = `${connectionId} ${input.chatId}`;
    this.#typists.delete(key);
    // Kept in the order of their ends: every start has the same time to live.
    this.#typists.set(key, { ...input, endsAt: Date.now() + this.#options.timeoutMs });
    this.#schedule();
  }

  /** False when nobody was typing there. */
  stop(connectionId: string, chatId: string): boolean {
    return this.#typists.delete(`${connectionId} ${chatId}`);
  }

  /** The chats in which the connection was typing. */
  stopAll(connectionId: string): string[] {
    const prefix = `${connectionId} `;
    const keys = [...this.#typists.keys()].filter((key) => key.startsWith(prefix));
    for (const key of keys) this.#typists.delete(key);
    return keys.map((key) => key.slice(prefix.length));
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#typists.clear();
  }

  #schedule(): void {
    const next = this.#typists.values().next();
    if (this.#timer !== null || next.done) return;
    this.#timer = setTimeout(() => this.#expire(), Math.max(0, next.value.endsAt - Date.now()));
    this.#timer.unref();
  }

  #expire(): void {
    this.#timer = null;
    const now = Date.now();
    for (const [key, typist] of this.#typists) {
      if (typist.endsAt > now) break;
      this.#typists.delete(key);
      this.#options.onExpired({ actor: typist.actor, chatId: typist.chatId });
    }
    this.#schedule();
  }
}
