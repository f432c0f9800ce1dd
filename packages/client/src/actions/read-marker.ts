import type { Clock } from "../clock.js";
import { asRefusal } from "../refusal.js";
import { retryPause } from "../retry-pause.js";
import type { Ask } from "../wire/commands.js";

export interface ReadMarkerParts {
  clock: Clock;
  random: () => number;
  /** The live link's; undefined while there is none. */
  ask(): Ask | undefined;
  /** The newest known message up to a number. */
  messageIdAt(chatId: string, seq: number): string | undefined;
  /** The server has the position; `rev` is the revision that this took, if it took one. */
  onMarked(marked: { chatId: string; seq: number; rev: number | undefined }): void;
  onTrouble(error: unknown): void;
}

interface Mark {
  /** Read up to here. */
  wanted: number;
  /** The server knows. */
  sent: number;
  failures: number;
  cancel: (() => void) | undefined;
}

const PAUSE_MS = 1_000;

/** Tells the server how far I have read: the newest position of each chat, once a second at most. */
export class ReadMarker {
  readonly #parts: ReadMarkerParts;
  readonly #marks = new Map<string, Mark>();

  constructor(parts: ReadMarkerParts) {
    this.#parts = parts;
  }

  mark(chatId: string, seq: number): void {
    const mark = this.#marks.get(chatId) ?? { wanted: 0, sent: 0, failures: 0, cancel: undefined };
    this.#marks.set(chatId, mark);
    if (seq <= mark.wanted) return;
    mark.wanted = seq;
    if (mark.cancel === undefined) void this.#send(chatId, mark);
  }

  /** Up to here, the server is being told that I have read; undefined when it knows. */
  pending(chatId: string): number | undefined {
    const mark = this.#marks.get(chatId);
    return mark === undefined || mark.wanted <= mark.sent ? undefined : mark.wanted;
  }

  /** There is a new link: tells what could not be told. */
  restart(): void {
    for (const [chatId, mark] of this.#marks) {
      if (mark.wanted > mark.sent && mark.cancel === undefined) void this.#send(chatId, mark);
    }
  }

  close(): void {
    for (const mark of this.#marks.values()) mark.cancel?.();
    this.#marks.clear();
  }

  async #send(chatId: string, mark: Mark): Promise<void> {
    const ask = this.#parts.ask();
    const messageId = this.#parts.messageIdAt(chatId, mark.wanted);
    if (ask === undefined || messageId === undefined) return;
    const seq = mark.wanted;
    this.#pause(chatId, mark, PAUSE_MS);
    try {
      const { rev } = await ask("mark_messages_read", { chatId, messageIds: [messageId] });
      mark.sent = Math.max(mark.sent, seq);
      mark.failures = 0;
      this.#parts.onMarked({ chatId, seq, rev });
    } catch (error) {
      this.#fail(chatId, mark, { error, seq });
    }
  }

  #fail(chatId: string, mark: Mark, failure: { error: unknown; seq: number }): void {
    if (this.#marks.get(chatId) !== mark) return;
    const why = asRefusal(failure.error);
    this.#parts.onTrouble(why);
    if (!why.retryable && !why.unauthenticated) {
      mark.sent = Math.max(mark.sent, failure.seq);
      return;
    }
    const waitMs = retryPause(why, { failures: mark.failures++, random: this.#parts.random });
    this.#pause(chatId, mark, Math.max(PAUSE_MS, waitMs));
  }

  #pause(chatId: string, mark: Mark, waitMs: number): void {
    mark.cancel?.();
    mark.cancel = this.#parts.clock.after(waitMs, () => {
      mark.cancel = undefined;
      if (mark.wanted > mark.sent) void this.#send(chatId, mark);
    });
  }
}
