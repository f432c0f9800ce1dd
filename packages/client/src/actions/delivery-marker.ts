import type { Clock } from "../clock.js";
import { asRefusal } from "../refusal.js";
import { retryPause } from "../retry-pause.js";
import type { Ask } from "../wire/commands.js";

export interface DeliveryMarkerParts {
  clock: Clock;
  random: () => number;
  /** The live link's; undefined while there is none. */
  ask(): Ask | undefined;
  /** The newest message of a chat that is here and that its sender can't know to be here; undefined when there is none. */
  unreported(chatId: string): number | undefined;
  /** The server knows; `rev` is the revision that this took, if it took one. */
  onMarked(marked: { chatId: string; seq: number; rev: number | undefined }): void;
  onTrouble(error: unknown): void;
}

const PAUSE_MS = 1_000;
/** Many clients may have come back together; that is hard enough for a server. */
const SPREAD_MS = 4_000;
/** Reports under way at a time; the server lets a user do few things at once. */
const LANES = 3;

/** Tells the server how far messages have got to this device: the newest position of each chat, once a second at most. */
export class DeliveryMarker {
  readonly #parts: DeliveryMarkerParts;
  readonly #changed = new Set<string>();
  /** Chats whose delivered positions this server does not keep. */
  readonly #unkept = new Set<string>();
  #failures = 0;
  #unknown = false;
  #reporting = false;
  #notBefore = 0;
  #cancel: (() => void) | undefined;

  constructor(parts: DeliveryMarkerParts) {
    this.#parts = parts;
  }

  /** A chat has changed; there may be something to report. */
  changed(chatId: string): void {
    if (this.#unkept.has(chatId) || this.#parts.unreported(chatId) === undefined) return;
    this.#changed.add(chatId);
    this.#reportLater(PAUSE_MS);
  }

  /** There is a new link, perhaps to a server that knows what the last one did not. */
  restart(): void {
    this.#unknown = false;
    this.#unkept.clear();
    this.#notBefore = this.#parts.clock.now() + PAUSE_MS + this.#parts.random() * SPREAD_MS;
    if (this.#changed.size > 0) this.#reportLater(PAUSE_MS);
  }

  close(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#changed.clear();
  }

  #reportLater(waitMs: number): void {
    if (this.#unknown || this.#reporting || this.#parts.ask() === undefined) return;
    const { clock } = this.#parts;
    const dueMs = Math.max(waitMs, this.#notBefore - clock.now());
    this.#cancel ??= clock.after(dueMs, () => void this.#reportAll(), "idle");
  }

  async #reportAll(): Promise<void> {
    this.#cancel = undefined;
    this.#reporting = true;
    const chats = [...this.#changed];
    let waitMs = PAUSE_MS;
    const lane = async () => {
      for (let chatId = chats.pop(); chatId !== undefined; chatId = chats.pop()) {
        const pauseMs = await this.#report(chatId);
        if (pauseMs === undefined) continue;
        // One that fails in passing speaks for all.
        waitMs = Math.max(waitMs, pauseMs);
        chats.length = 0;
      }
    };
    await Promise.all(Array.from({ length: LANES }, lane));
    this.#reporting = false;
    if (this.#changed.size > 0) this.#reportLater(waitMs);
  }

  /** Resolves with how long to wait before anything is reported again; with nothing when it is done. */
  async #report(chatId: string): Promise<number | undefined> {
    const ask = this.#parts.ask();
    if (this.#unknown || ask === undefined) return PAUSE_MS;
    this.#changed.delete(chatId);
    const seq = this.#parts.unreported(chatId);
    if (seq === undefined) return undefined;
    try {
      const { deliveredSeq, rev } = await ask("mark_delivered", { chatId, seq });
      this.#failures = 0;
      // Large chats keep nobody's.
      if (deliveredSeq < seq) this.#unkept.add(chatId);
      else this.#parts.onMarked({ chatId, seq, rev });
      return undefined;
    } catch (error) {
      return this.#fail(chatId, error);
    }
  }

  #fail(chatId: string, error: unknown): number | undefined {
    const why = asRefusal(error);
    // A server from before there were reports; it may be replaced by the time of the next link.
    if (why.code === "unknown_event") {
      this.#unknown = true;
      return PAUSE_MS;
    }
    // Lost with its connection, it is reported on the next one.
    if (why.code !== "connection_lost") this.#parts.onTrouble(why);
    if (!why.retryable && !why.unauthenticated) return undefined;
    this.#changed.add(chatId);
    return retryPause(why, { failures: this.#failures++, random: this.#parts.random });
  }
}
