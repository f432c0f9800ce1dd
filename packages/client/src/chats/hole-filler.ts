import type { MessageShape } from "@parley/contracts";
import type { ClientEvents } from "../client-events.js";
import type { Clock } from "../clock.js";
import type { Emitter } from "../emitter.js";
import { asRefusal } from "../refusal.js";
import { retryPause } from "../retry-pause.js";
import { hasHole, type Timeline } from "./timeline.js";

export type HistoryQuery = { after_seq: number; limit: number } | { before_seq: number; limit: number };

export interface HoleFillerParts {
  clock: Clock;
  random: () => number;
  events: Emitter<ClientEvents>;
  timelineOf(chatId: string): Timeline | undefined;
  fetchHistory(chatId: string, query: HistoryQuery): Promise<MessageShape[]>;
  take(messages: MessageShape[]): void;
}

interface Filling {
  failures: number;
  cancel: () => void;
}

/** An acknowledgement may run ahead of the live stream by a moment; that is no hole. */
const PATIENCE_MS = 300;
const NEWEST_PAGE = 50;
const HOLE_PAGE = 200;

/** Reads from history what a chat's run of messages lacks. */
export class HoleFiller {
  readonly #parts: HoleFillerParts;
  readonly #fillings = new Map<string, Filling>();

  constructor(parts: HoleFillerParts) {
    this.#parts = parts;
  }

  /** Looks at a chat that changed. */
  check(chatId: string): void {
    const timeline = this.#parts.timelineOf(chatId);
    if (timeline === undefined || !hasHole(timeline)) this.#stop(chatId);
    else if (!this.#fillings.has(chatId)) this.#fillLater(chatId, 0, PATIENCE_MS);
  }

  close(): void {
    for (const chatId of [...this.#fillings.keys()]) this.#stop(chatId);
  }

  #stop(chatId: string): void {
    this.#fillings.get(chatId)?.cancel();
    this.#fillings.delete(chatId);
  }

  #fillLater(chatId: string, failures: number, waitMs: number): void {
    const filling: Filling = { failures, cancel: () => undefined };
    filling.cancel = this.#parts.clock.after(waitMs, () => void this.#fill(chatId, filling));
    this.#fillings.set(chatId, filling);
  }

  async #fill(chatId: string, filling: Filling): Promise<void> {
    const timeline = this.#parts.timelineOf(chatId);
    if (timeline === undefined) return this.#stop(chatId);
    const { run, top } = timeline;
    const query =
      run === undefined
        ? { before_seq: top + 1, limit: NEWEST_PAGE }
        : { after_seq: run.to, limit: HOLE_PAGE };
    try {
      const messages = await this.#parts.fetchHistory(chatId, query);
      if (this.#fillings.get(chatId) !== filling) return;
      if (messages.length === 0) throw new Error("the history lacks a message that is known to exist");
      this.#fillings.delete(chatId);
      this.#parts.take(messages);
      // A long hole goes on at once.
      const next = this.#fillings.get(chatId);
      next?.cancel();
      if (next !== undefined) this.#fillLater(chatId, 0, 0);
    } catch (error) {
      if (this.#fillings.get(chatId) === filling) this.#fail(chatId, filling.failures, error);
    }
  }

  #fail(chatId: string, failures: number, error: unknown): void {
    const why = asRefusal(error);
    this.#parts.events.emit("trouble", { doing: "filling a hole", error: why });
    if (why.retryable || why.unauthenticated) {
      this.#fillLater(chatId, failures + 1, retryPause(why, { failures, random: this.#parts.random }));
      return;
    }
    // Not this user's chat any more: the next catch-up says so.
    this.#stop(chatId);
  }
}
