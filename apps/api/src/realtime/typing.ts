import type { Actor } from "@parley/contracts";

interface Typist {
  actor: Actor;
  chatId: string;
  endsAt: number;
}

/** A start that the others were told of, or are being told of. */
interface Notice {
  at: number;
  telling: Promise<void>;
}

export interface TypingOptions {
  timeoutMs: number;
  /** Somebody who said that they type went silent. */
  onExpired: (typist: { actor: Actor; chatId: string }) => void;
}

/** While somebody goes on typing, the others are told so at most this often. */
const NOTICE_EVERY_MS = 2_000;

/** Who types on this node: a start that is not refreshed ends by itself. One timer for all. */
export class Typing {
  readonly #typists = new Map<string, Typist>();
  /** What the others see of a user in a chat, whichever of the user's connections it comes from. */
  readonly #notices = new Map<string, Notice>();
  readonly #options: TypingOptions;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: TypingOptions) {
    this.#options = options;
  }

  /**
   * Tells the others that the user types, unless they were told a moment ago and see it still; then the outcome of that
   * notice is this one's, too. Throws what `tell` throws.
   */
  async announce(typist: { actor: Actor; chatId: string }, tell: () => Promise<void>): Promise<void> {
    const key = noticeKey(typist);
    const last = this.#notices.get(key);
    if (last !== undefined && Date.now() - last.at < NOTICE_EVERY_MS) return last.telling;
    const notice = { at: Date.now(), telling: tell() };
    this.#notices.set(key, notice);
    try {
      await notice.telling;
    } catch (error) {
      if (this.#notices.get(key) === notice) this.#notices.delete(key);
      throw error;
    }
  }

  /** Notes a start; the next one within the time counts as a refresh. */
  start(connectionId: string, input: { actor: Actor; chatId: string }): void {
    const key = `${connectionId} ${input.chatId}`;
    this.#typists.delete(key);
    // Kept in the order of their ends: every start has the same time to live.
    this.#typists.set(key, { ...input, endsAt: Date.now() + this.#options.timeoutMs });
    this.#schedule();
  }

  /** The user stops typing there: the next start is told at once. False when nobody was typing there. */
  stop(connectionId: string, typist: { actor: Actor; chatId: string }): boolean {
    this.#notices.delete(noticeKey(typist));
    return this.#typists.delete(`${connectionId} ${typist.chatId}`);
  }

  /** The chats in which the connection was typing. */
  stopAll(connectionId: string): string[] {
    const prefix = `${connectionId} `;
    const typists = [...this.#typists].filter(([key]) => key.startsWith(prefix));
    for (const [, typist] of typists) this.stop(connectionId, typist);
    return typists.map(([, typist]) => typist.chatId);
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#typists.clear();
    this.#notices.clear();
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
      this.#notices.delete(noticeKey(typist));
      this.#options.onExpired({ actor: typist.actor, chatId: typist.chatId });
    }
    this.#schedule();
  }
}

function noticeKey({ actor, chatId }: { actor: Actor; chatId: string }): string {
  return `${chatId} ${actor.userId}`;
}
