import type { Actor } from "@parley/contracts";
import { TypingNotices } from "./typing-notices.js";

interface Typist {
  actor: Actor;
  chatId: string;
  endsAt: number;
}

export interface TypingOptions {
  timeoutMs: number;
  /** Somebody of whom the others see that they type went silent. */
  onExpired: (typist: { actor: Actor; chatId: string }) => void;
}

/** While somebody goes on typing, the others are told so at most this often. */
const NOTICE_EVERY_MS = 2_000;

/** Who types on this node: a start that is not refreshed ends by itself. One timer for all. */
export class Typing {
  readonly #typists = new Map<string, Typist>();
  readonly #notices: TypingNotices;
  readonly #options: TypingOptions;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: TypingOptions) {
    this.#options = options;
    // A start that has to wait must not be over before it is told.
    this.#notices = new TypingNotices({ everyMs: Math.min(NOTICE_EVERY_MS, options.timeoutMs) });
  }

  /**
   * Tells the others that the user types, unless they were told a moment ago; then the outcome of that notice is this one's, too, and
   * after a stop the others are told a little later, if the user types still. Throws what `tell` throws.
   */
  announce(typist: { actor: Actor; chatId: string }, tell: () => Promise<void>): Promise<void> {
    return this.#notices.start(noticeKey(typist), tell);
  }

  /** Notes a start; the next one within the time counts as a refresh. */
  start(connectionId: string, input: { actor: Actor; chatId: string }): void {
    const key = `${connectionId} ${input.chatId}`;
    this.#typists.delete(key);
    // Kept in the order of their ends: every start has the same time to live.
    this.#typists.set(key, { ...input, endsAt: Date.now() + this.#options.timeoutMs });
    this.#schedule();
  }

  /**
   * The user stops typing there, which the others are told if they see it. Resolves to whether they were; throws what `tell` throws, and
   * what they see then ends by itself.
   */
  async stop(
    connectionId: string,
    typist: { actor: Actor; chatId: string },
    tell: () => Promise<void>,
  ): Promise<boolean> {
    const key = `${connectionId} ${typist.chatId}`;
    this.#typists.delete(key);
    try {
      return await this.#notices.stop(noticeKey(typist), tell);
    } catch (error) {
      if (!this.#typists.has(key)) this.start(connectionId, typist);
      throw error;
    }
  }

  /** The connection is over. Returns the chats in which the others see it typing, and are to be told. */
  stopAll(connectionId: string): string[] {
    const prefix = `${connectionId} `;
    const typists = [...this.#typists].filter(([key]) => key.startsWith(prefix));
    for (const [key] of typists) this.#typists.delete(key);
    return typists
      .filter(([, typist]) => this.#notices.hide(noticeKey(typist)))
      .map(([, { chatId }]) => chatId);
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#typists.clear();
    this.#notices.close();
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
      const { actor, chatId } = typist;
      if (this.#notices.hide(noticeKey(typist))) this.#options.onExpired({ actor, chatId });
    }
    this.#schedule();
  }
}

function noticeKey({ actor, chatId }: { actor: Actor; chatId: string }): string {
  return `${chatId} ${actor.userId}`;
}
