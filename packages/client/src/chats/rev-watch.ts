import type { Clock } from "../clock.js";

export interface RevWatchParts {
  clock: Clock;
  random: () => number;
  /** Asks for everything since the last catch-up. */
  catchUp(): void;
}

interface Chat {
  /** Up to here, each revision was told or is accounted for. */
  base: number;
  /** Told, and beyond a hole. */
  ahead: Set<number>;
}

/** Answers and live changes may overtake each other by a moment; and whoever sees the same hole should not ask in the same one. */
const PATIENCE_MS = 1_000;
const SHORTEST_GAP_MS = 5_000;
const LONGEST_GAP_MS = 300_000;

/**
 * Notices that a chat has changed and this client was not told: the revisions of a chat are 1, 2, 3, … A hole may also mean nothing, as
 * some changes are not shown to everybody. So one catch-up for all holes decides, and then they count as closed; catch-ups that
 * brought nothing make the next one wait longer.
 */
export class RevWatch {
  readonly #parts: RevWatchParts;
  readonly #chats = new Map<string, Chat>();
  #gapMs = SHORTEST_GAP_MS;
  #notBefore = 0;
  #asked = false;
  #off = false;
  #cancel: (() => void) | undefined;

  constructor(parts: RevWatchParts) {
    this.#parts = parts;
  }

  /** This server does not tell the revision of every change, so holes mean nothing. */
  off(): void {
    this.reset();
    this.#off = true;
  }

  /** A change with this revision was told, or made by me and answered; without one, it took none. */
  seen(chatId: string, rev: number | undefined): void {
    if (rev === undefined || this.#off) return;
    const chat = this.#chats.get(chatId);
    if (chat === undefined) {
      this.#chats.set(chatId, { base: rev, ahead: new Set() });
      return;
    }
    if (rev > chat.base) chat.ahead.add(rev);
    while (chat.ahead.delete(chat.base + 1)) chat.base++;
    if (chat.ahead.size > 0) this.#lookLater();
  }

  /** Everything up to now is there. `news`: some of it had not been told. */
  caughtUp(news: boolean): void {
    for (const chat of this.#chats.values()) {
      chat.base = Math.max(chat.base, ...chat.ahead);
      chat.ahead.clear();
    }
    this.#cancelLook();
    if (!this.#asked) return;
    this.#asked = false;
    this.#gapMs = news ? SHORTEST_GAP_MS : Math.min(this.#gapMs * 2, LONGEST_GAP_MS);
    this.#notBefore = this.#parts.clock.now() + this.#gapMs;
  }

  /** The link is lost: what happens until the next one is caught up with, whatever its revisions are. */
  reset(): void {
    this.#cancelLook();
    this.#chats.clear();
    this.#asked = false;
    this.#off = false;
  }

  #lookLater(): void {
    const { clock, random } = this.#parts;
    const dueMs = this.#notBefore - clock.now();
    const waitMs = Math.max(PATIENCE_MS, dueMs) + random() * PATIENCE_MS;
    this.#cancel ??= clock.after(waitMs, () => this.#look(), "idle");
  }

  #look(): void {
    this.#cancel = undefined;
    if ([...this.#chats.values()].every(({ ahead }) => ahead.size === 0)) return;
    this.#asked = true;
    this.#parts.catchUp();
  }

  #cancelLook(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}
