import type { Change } from "@parley/contracts";
import type { Enqueue } from "../enqueue.js";

/** Long enough for the messages of a burst to share a job, short beside what a push takes. */
const GATHER_MS = 50;
/**
 * A chat in which much is said is asked for so often and no oftener: each time takes its row, which its messages need, too, and in a large chat
 * looks at hundreds of people. Whoever is told once gets what follows in the same notification.
 */
const AGAIN_MS = 2_000;
const AGAIN_LARGE_MS = 5_000;
/** Chats of one job. */
const SLICE = 200;

/**
 * Gathers the chats in which something was said, and asks for their notifications. A courtesy: what is lost here, the sweeper
 * finds in the log of commits.
 */
export class DueChats {
  readonly #enqueue: Enqueue;
  readonly #now: () => number;
  readonly #due = new Map<string, { isLarge: boolean }>();
  /** Asked for lately, oldest first, and when. */
  readonly #asked = new Map<string, number>();
  readonly #askedLarge = new Map<string, number>();
  #timer: NodeJS.Timeout | null = null;

  constructor(enqueue: Enqueue, now: () => number = () => performance.now()) {
    this.#enqueue = enqueue;
    this.#now = now;
  }

  /** Called after each commit. Never waits and never throws. */
  note(changes: readonly Change[]): void {
    for (const { chatId, audience, body } of changes) {
      if (body.name === "message.created") this.#due.set(chatId, { isLarge: audience === null });
    }
    if (this.#due.size === 0) return;
    this.#timer ??= setTimeout(() => this.#flush(), GATHER_MS).unref();
  }

  /** Asks for what is gathered. */
  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#ask([...this.#due.keys()]);
    this.#due.clear();
  }

  #flush(): void {
    const now = this.#now();
    forget(this.#asked, now - AGAIN_MS);
    forget(this.#askedLarge, now - AGAIN_LARGE_MS);
    const ready: string[] = [];
    for (const [chatId, { isLarge }] of this.#due) {
      if (this.#asked.has(chatId) || this.#askedLarge.has(chatId)) continue;
      ready.push(chatId);
      this.#due.delete(chatId);
      (isLarge ? this.#askedLarge : this.#asked).set(chatId, now);
    }
    this.#ask(ready);
    this.#timer = this.#due.size === 0 ? null : setTimeout(() => this.#flush(), GATHER_MS).unref();
  }

  #ask(chatIds: string[]): void {
    for (let from = 0; from < chatIds.length; from += SLICE) {
      this.#enqueue("notifications.collect", { chatIds: chatIds.slice(from, from + SLICE) });
    }
  }
}

function forget(asked: Map<string, number>, until: number): void {
  for (const [chatId, at] of asked) {
    if (at > until) break;
    asked.delete(chatId);
  }
}
