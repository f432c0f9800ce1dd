import type { Book } from "../chats/book.js";
import { recordOf } from "../chats/chat-record.js";
import type { Clock } from "../clock.js";

export interface CacheParts {
  book: Book;
  clock: Clock;
  save(changes: Array<readonly [string, unknown]>): Promise<void>;
  /** Whether everything up to the cursor is in the book. */
  isCurrent(): boolean;
}

export const CHAT_KEY = "chat:";
export const CURSOR_KEY = "cursor";
const PAUSE_MS = 1_000;

/**
 * Keeps the chats and the cursor, so that the next session starts from them. A kept chat may be newer than the kept cursor (changes
 * are told twice then), never older; so only one client may write.
 */
export class Cache {
  readonly #parts: CacheParts;
  readonly #dirty = new Set<string>();
  #writing = false;
  #cursor: string | undefined;
  #cancel: (() => void) | undefined;

  constructor(parts: CacheParts) {
    this.#parts = parts;
  }

  /** From here on this client writes; what another one has written is replaced. */
  begin(storedKeys: Iterable<string>): void {
    this.#writing = true;
    for (const key of storedKeys) if (key.startsWith(CHAT_KEY)) this.#dirty.add(key.slice(CHAT_KEY.length));
    for (const chatId of this.#parts.book.chats.keys()) this.#dirty.add(chatId);
    this.#flushLater();
  }

  changed(chatId: string): void {
    if (!this.#writing) return;
    this.#dirty.add(chatId);
    this.#flushLater();
  }

  caughtUp(cursor: string): void {
    this.#cursor = cursor;
    this.#flushLater();
  }

  async flush(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    if (!this.#writing || this.#cursor === undefined || !this.#parts.isCurrent()) return;
    const changes: Array<readonly [string, unknown]> = [[CURSOR_KEY, this.#cursor]];
    for (const chatId of this.#dirty) {
      const state = this.#parts.book.chats.get(chatId);
      changes.push([CHAT_KEY + chatId, state === undefined ? undefined : recordOf(state)]);
    }
    this.#dirty.clear();
    await this.#parts.save(changes);
  }

  async close(): Promise<void> {
    await this.flush();
    this.#writing = false;
  }

  #flushLater(): void {
    if (this.#writing) this.#cancel ??= this.#parts.clock.after(PAUSE_MS, () => void this.flush());
  }
}
