import type { Change } from "@parley/contracts";
import type { Catchup, HolePosition } from "@parley/engine";
import type { Log } from "@parley/platform";
import type { ChatCursor } from "./live-user.js";

export interface HoleFillerOptions {
  /** Reads what is missing after each position, from the database. */
  readMissed: (positions: HolePosition[]) => Promise<Map<string, Catchup>>;
  /** Whether the chat still has somebody here. */
  isCurrent: (cursor: ChatCursor) => boolean;
  deliver: (cursor: ChatCursor, change: Change) => void;
  /** Somebody who is out of a large chat since: hears that, and nothing of the hole. */
  remove: (cursor: ChatCursor, member: { userId: string; rev: number }) => void;
  /** The cursor stands at the end of what was read. */
  onFilled: (cursor: ChatCursor) => void;
  onGap: (chats: number) => void;
  log: Log;
}

/** How long an early change waits for its predecessor, which is usually a few milliseconds behind on another node's packet. */
const WAIT_MS = 100;
const RETRY_MS = 1_000;
/** Chats that one statement reads. */
const BATCH = 200;

/** Reads the holes of many chats together, and delivers what was missed in order. */
export class HoleFiller {
  readonly #options: HoleFillerOptions;
  readonly #due = new Map<ChatCursor, HolePosition>();
  #reading = false;
  #closed = false;

  constructor(options: HoleFillerOptions) {
    this.#options = options;
  }

  /** Gives the missing change a moment to come by itself. */
  wait(cursor: ChatCursor, delayMs = WAIT_MS): void {
    if (this.#closed || cursor.timer !== null || cursor.filling) return;
    cursor.timer = setTimeout(() => {
      cursor.timer = null;
      if (cursor.rev < cursor.expected) this.fill(cursor);
    }, delayMs);
  }

  /** Reads the hole now. Until it is filled, what comes for the chat is held. */
  fill(cursor: ChatCursor): void {
    if (this.#closed || cursor.filling) return;
    if (cursor.timer !== null) clearTimeout(cursor.timer);
    cursor.timer = null;
    cursor.filling = true;
    const { chatId, rev, seq } = cursor;
    this.#due.set(cursor, { chatId, rev, seq });
    this.#start();
  }

  close(): void {
    this.#closed = true;
    this.#due.clear();
  }

  #start(): void {
    if (this.#reading || this.#due.size === 0) return;
    this.#reading = true;
    // A tick later, so that all holes found in this turn of the loop are read together.
    setImmediate(() => void this.#readAll());
  }

  async #readAll(): Promise<void> {
    while (this.#due.size > 0 && !this.#closed) {
      const batch = [...this.#due].slice(0, BATCH);
      for (const [cursor] of batch) this.#due.delete(cursor);
      await this.#readBatch(batch);
    }
    this.#reading = false;
  }

  async #readBatch(batch: Array<[ChatCursor, HolePosition]>): Promise<void> {
    this.#options.onGap(batch.length);
    const heard = new Map(batch.map(([cursor]) => [cursor, cursor.expected]));
    try {
      const missed = await this.#options.readMissed(batch.map(([, position]) => position));
      for (const [cursor] of batch) {
        this.#applySafely(cursor, { missed: missed.get(cursor.chatId), heard: heard.get(cursor) ?? 0 });
      }
    } catch (error) {
      this.#options.log.warn(
        { err: error, chats: batch.length },
        "could not read missed changes; trying again",
      );
      setTimeout(() => this.#readAgain(batch), RETRY_MS);
    }
  }

  /** From the same place: in the middle of a long hole, what is held must go on waiting. */
  #readAgain(batch: Array<[ChatCursor, HolePosition]>): void {
    if (this.#closed) return;
    for (const [cursor, position] of batch) {
      if (this.#options.isCurrent(cursor)) this.#due.set(cursor, position);
    }
    this.#start();
  }

  #applySafely(cursor: ChatCursor, read: { missed: Catchup | undefined; heard: number }): void {
    try {
      this.#apply(cursor, read);
    } catch (error) {
      this.#options.log.error({ err: error, chatId: cursor.chatId }, "could not deliver what was missed");
      cursor.filling = false;
    }
  }

  #apply(cursor: ChatCursor, { missed, heard }: { missed: Catchup | undefined; heard: number }): void {
    if (!this.#options.isCurrent(cursor)) return;
    for (const member of missed?.removed ?? []) this.#options.remove(cursor, member);
    if (!this.#options.isCurrent(cursor)) return;
    for (const change of missed?.changes ?? []) this.#options.deliver(cursor, change);
    if (missed !== undefined) {
      cursor.rev = missed.position.rev;
      cursor.seq = missed.position.seq;
    }
    if (missed?.more) {
      this.#due.set(cursor, missed.position);
      return;
    }
    cursor.filling = false;
    // The chat may be gone, or an announced commit undone by a failover: what can't be read is not waited for. What was heard of
    // during the reading is.
    if (cursor.expected === heard) cursor.expected = cursor.rev;
    this.#options.onFilled(cursor);
  }
}
