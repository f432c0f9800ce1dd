import type { MessageShape } from "@parley/contracts";
import { asRefusal } from "../refusal.js";
import type { Ask } from "../wire/commands.js";

export interface ViewingParts {
  ask(): Ask | undefined;
  /** The newest message shown; undefined while none is. */
  shownTo(chatId: string): number | undefined;
  take(messages: MessageShape[]): void;
  onTrouble(error: unknown): void;
}

/** The chats that are open in front of the user; every new connection is told of them. */
export class Viewing {
  readonly #parts: ViewingParts;
  readonly #open = new Set<string>();

  constructor(parts: ViewingParts) {
    this.#parts = parts;
  }

  set(chatId: string, open: boolean): void {
    if (this.#open.has(chatId) === open) return;
    if (open) {
      this.#open.add(chatId);
      void this.#join(chatId);
    } else {
      this.#open.delete(chatId);
      this.#parts.ask()?.("leave_chat", { chatId }).catch(this.#parts.onTrouble);
    }
  }

  /** A new connection knows nothing yet. */
  restart(): void {
    for (const chatId of this.#open) void this.#join(chatId);
  }

  async #join(chatId: string): Promise<void> {
    const afterSeq = this.#parts.shownTo(chatId);
    try {
      const ask = this.#parts.ask();
      const answer = await ask?.("join_chat", { chatId, ...(afterSeq === undefined ? {} : { afterSeq }) });
      if (answer !== undefined) this.#parts.take(answer.messages);
    } catch (error) {
      // Lost with its connection, or refused; the next connection is told again.
      const why = asRefusal(error);
      if (!why.retryable) this.#parts.onTrouble(why);
    }
  }
}
