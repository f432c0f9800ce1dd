import type { Change } from "@parley/contracts";
import type { Enqueue } from "../enqueue.js";

/** Long enough for the messages of a burst to share a job, short beside what a push takes. */
const GATHER_MS = 50;
/** Chats of one job. */
const SLICE = 200;

/**
 * Gathers the chats in which something was said, and asks for their notifications. A courtesy: what is lost here, the sweeper
 * finds in the log of commits.
 */
export class DueChats {
  readonly #enqueue: Enqueue;
  readonly #chatIds = new Set<string>();
  #timer: NodeJS.Timeout | null = null;

  constructor(enqueue: Enqueue) {
    this.#enqueue = enqueue;
  }

  /** Called after each commit. Never waits and never throws. */
  note(changes: readonly Change[]): void {
    for (const { chatId, body } of changes) if (body.name === "message.created") this.#chatIds.add(chatId);
    if (this.#chatIds.size >= SLICE) this.#flush();
    if (this.#chatIds.size === 0) return;
    this.#timer ??= setTimeout(() => this.#flush(), GATHER_MS).unref();
  }

  /** Asks for what is gathered. */
  close(): void {
    this.#flush();
  }

  #flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const chatIds = [...this.#chatIds];
    this.#chatIds.clear();
    for (let from = 0; from < chatIds.length; from += SLICE) {
      this.#enqueue("notifications.collect", { chatIds: chatIds.slice(from, from + SLICE) });
    }
  }
}
