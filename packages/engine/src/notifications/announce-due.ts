import type { Change } from "@parley/contracts";
import type { Enqueue } from "../enqueue.js";
import type { TracePlace, TracePort } from "../trace-port.js";

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

interface Due {
  isLarge: boolean;
  /** Of the first message that is not asked for yet. */
  place: TracePlace | undefined;
}

interface DueChatsOptions {
  enqueue: Enqueue;
  trace: TracePort;
  now?: () => number;
}

/**
 * Gathers the chats in which something was said, and asks for their notifications. A courtesy: what is lost here, the sweeper
 * finds in the log of commits.
 */
export class DueChats {
  readonly #enqueue: Enqueue;
  readonly #trace: TracePort;
  readonly #now: () => number;
  readonly #due = new Map<string, Due>();
  /** Asked for lately, oldest first, and when. */
  readonly #asked = new Map<string, number>();
  readonly #askedLarge = new Map<string, number>();
  #timer: NodeJS.Timeout | null = null;

  constructor({ enqueue, trace, now = () => performance.now() }: DueChatsOptions) {
    this.#enqueue = enqueue;
    this.#trace = trace;
    this.#now = now;
  }

  /** Called after each commit. Never waits and never throws. */
  note(changes: readonly Change[]): void {
    for (const { chatId, audience, body } of changes) {
      if (body.name !== "message.created") continue;
      const place = this.#due.get(chatId)?.place ?? this.#trace.here();
      this.#due.set(chatId, { isLarge: audience === null, place });
    }
    if (this.#due.size === 0) return;
    this.#timer ??= setTimeout(() => this.#flush(), GATHER_MS).unref();
  }

  /** Asks for what is gathered. */
  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#ask([...this.#due]);
    this.#due.clear();
  }

  #flush(): void {
    const now = this.#now();
    forget(this.#asked, now - AGAIN_MS);
    forget(this.#askedLarge, now - AGAIN_LARGE_MS);
    const ready: Array<[string, Due]> = [];
    for (const [chatId, due] of this.#due) {
      if (this.#asked.has(chatId) || this.#askedLarge.has(chatId)) continue;
      ready.push([chatId, due]);
      this.#due.delete(chatId);
      (due.isLarge ? this.#askedLarge : this.#asked).set(chatId, now);
    }
    this.#ask(ready);
    this.#timer = this.#due.size === 0 ? null : setTimeout(() => this.#flush(), GATHER_MS).unref();
  }

  #ask(chats: Array<[string, Due]>): void {
    for (let from = 0; from < chats.length; from += SLICE) {
      const slice = chats.slice(from, from + SLICE);
      const callers = slice.flatMap(([, { place }]) => place ?? []);
      const chatIds = slice.map(([chatId]) => chatId);
      this.#trace.runShared({ name: "notifications.ask", kind: "producer" }, callers, () =>
        this.#enqueue("notifications.collect", { chatIds }),
      );
    }
  }
}

function forget(asked: Map<string, number>, until: number): void {
  for (const [chatId, at] of asked) {
    if (at > until) break;
    asked.delete(chatId);
  }
}
