import { backOff } from "../back-off.js";
import type { Clock } from "../clock.js";
import type { Link } from "../connection/link.js";
import { asRefusal } from "../refusal.js";
import { applyPage, type PageContext } from "./apply-page.js";
import { announce, type Book } from "./book.js";

export interface CatchupParts {
  book: Book;
  clock: Clock;
  random: () => number;
  /** Everything up to here is known. */
  onCaughtUp(cursor: string): void;
}

/** While changes arrive, a catch-up follows this often: a reload has little to do then, and nothing stays missed for long. */
const MOVE_ON_MS = 300_000;

/**
 * Brings the book up to date after every connect, and whenever something is known to be missing. What arrives meanwhile waits
 * its turn, so that a snapshot never wipes out news.
 */
export class Catchup {
  readonly #parts: CatchupParts;
  #link: Link | undefined;
  #cursor: string | undefined;
  #context: PageContext = { snapshot: false, told: new Map() };
  #held: Array<() => void> = [];
  #current = false;
  #running = false;
  #again = false;
  #closed = false;
  #failures = 0;
  #cancelRetry: (() => void) | undefined;
  #cancelMoveOn: (() => void) | undefined;

  constructor(parts: CatchupParts) {
    this.#parts = parts;
  }

  /** Whether everything up to the cursor is in the book. */
  get current(): boolean {
    return this.#current;
  }

  /** Goes on from where an earlier session stopped. */
  restore(cursor: string): void {
    this.#cursor = cursor;
  }

  /** A new link: what happened since the last one is asked for. */
  follow(link: Link): void {
    this.unfollow();
    this.#link = link;
    this.request();
  }

  /** The link is lost. */
  unfollow(): void {
    this.#link = undefined;
    this.#running = false;
    this.#again = false;
    this.#failures = 0;
    this.#cancelRetry?.();
    this.#cancelMoveOn?.();
    this.#cancelMoveOn = undefined;
  }

  /** Nothing is taken in any more. */
  close(): void {
    this.unfollow();
    this.#closed = true;
  }

  /** Asks for what is missing. */
  request(): void {
    if (this.#link === undefined) return;
    this.#current = false;
    this.#cancelRetry?.();
    if (this.#running) this.#again = true;
    else void this.#run(this.#link);
  }

  /** Makes a change now, or after the catch-up that is under way. */
  take(change: () => void): void {
    if (this.#closed) return;
    if (!this.#current) {
      this.#held.push(change);
      return;
    }
    change();
    announce(this.#parts.book);
    this.#cancelMoveOn ??= this.#parts.clock.after(MOVE_ON_MS * (0.8 + 0.4 * this.#parts.random()), () => {
      this.#cancelMoveOn = undefined;
      this.request();
    });
  }

  async #run(link: Link): Promise<void> {
    this.#running = true;
    try {
      await this.#readPages(link);
    } catch (error) {
      if (this.#link === link) this.#retry(error);
      return;
    }
    if (this.#link !== link) return;
    this.#running = false;
    this.#failures = 0;
    if (this.#again) {
      this.#again = false;
      return this.#run(link);
    }
    this.#finish();
  }

  async #readPages(link: Link): Promise<void> {
    for (let more = true; more; ) {
      const page = await link.ask("sync", this.#cursor === undefined ? {} : { cursor: this.#cursor });
      if (this.#link !== link) return;
      applyPage(this.#parts.book, page, this.#context);
      this.#cursor = page.cursor;
      more = page.has_more;
    }
    this.#context = { snapshot: false, told: new Map() };
  }

  #finish(): void {
    this.#current = true;
    const held = this.#held;
    this.#held = [];
    for (const change of held) change();
    announce(this.#parts.book);
    if (this.#cursor !== undefined) this.#parts.onCaughtUp(this.#cursor);
  }

  #retry(error: unknown): void {
    const { clock, random, book } = this.#parts;
    const why = asRefusal(error);
    // A cursor that the server can't read: a snapshot does.
    if (why.code === "invalid_input") this.#cursor = undefined;
    this.#running = false;
    const waitMs = (why.retryAfterMs ?? 0) + backOff(this.#failures, random);
    this.#failures++;
    this.#cancelRetry = clock.after(waitMs, () => this.request());
    book.events.emit("trouble", { doing: "syncing", error: why });
  }
}
