import type { ClientEvents } from "../client-events.js";
import type { Clock } from "../clock.js";
import type { Emitter } from "../emitter.js";
import type { Ask } from "../wire/commands.js";

export interface TypingParts {
  clock: Clock;
  events: Emitter<ClientEvents>;
  ask(): Ask | undefined;
}

/** A start within this time of the last one is not worth telling: the server keeps one for seven seconds. */
const REPEAT_MS = 2_000;

/** Who types: what I tell of myself, and what is told of the others. */
export class Typing {
  readonly #parts: TypingParts;
  readonly #startedAt = new Map<string, number>();
  readonly #others = new Map<string, Set<string>>();

  constructor(parts: TypingParts) {
    this.#parts = parts;
  }

  /** I type, or have stopped. Passing news: while offline, it is not told. */
  tell(chatId: string, typing: boolean): void {
    const now = this.#parts.clock.now();
    const startedAt = this.#startedAt.get(chatId);
    if (typing && startedAt !== undefined && now - startedAt < REPEAT_MS) return;
    if (!typing && startedAt === undefined) return;
    const ask = this.#parts.ask();
    if (ask === undefined) return;
    if (typing) this.#startedAt.set(chatId, now);
    else this.#startedAt.delete(chatId);
    ask("typing_indicator", { chatId, action: typing ? "start" : "stop" }).catch(() => undefined);
  }

  hear(heard: { chatId: string; userId: string; typing: boolean }): void {
    const { chatId, userId, typing } = heard;
    const typists = this.#others.get(chatId) ?? new Set();
    if (typists.has(userId) === typing) return;
    if (typing) this.#others.set(chatId, typists.add(userId));
    else typists.delete(userId);
    this.#parts.events.emit("typing", heard);
  }

  /** The others who type. */
  of(chatId: string): string[] {
    return [...(this.#others.get(chatId) ?? [])];
  }

  /** The link is lost: nobody would say that they stopped. */
  reset(): void {
    this.#startedAt.clear();
    for (const [chatId, typists] of this.#others) {
      for (const userId of [...typists]) this.hear({ chatId, userId, typing: false });
    }
  }
}
