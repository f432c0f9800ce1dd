import type { Clock } from "../clock.js";
import type { Link } from "../connection/link.js";
import { asRefusal } from "../refusal.js";
import { retryPause } from "../retry-pause.js";
import { applyPage, createPageContext, type PageContext, settleArrivals } from "./apply-page.js";
import { announce, type Book } from "./book.js";

export interface CatchupParts {
  book: Book;
  clock: Clock;
  random: () => number;
  /** Everything up to here is known. `news`: some of it had not been told live. */
  onCaughtUp(cursor: string, news: boolean): void;
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
  #context: PageContext | undefined;
  /** Has been caught up before, in this session or an earlier one. */
  #begun = false;
  #newsBefore = 0;
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
    this.#begun = true;
  }

  /** Asks for everything, as something is missing that the cursor has passed. */
  startOver(): void {
    this.#cursor = undefined;
    this.request();
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
    if (this.#current) this.#newsBefore = this.#parts.book.news;
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
    const { book } = this.#parts;
    this.#context ??= createPageContext(!this.#begun);
    for (let more = true; more; ) {
      const page = await link.ask("sync", this.#cursor === undefined ? {} : { cursor: this.#cursor });
      if (this.#link !== link) return;
      applyPage(book, page, this.#context);
      this.#cursor = page.cursor;
      more = page.has_more;
    }
    if (!settleArrivals(book, this.#context)) {
      this.#cursor = undefined;
      this.#again = true;
    }
    this.#context = undefined;
    this.#begun = true;
  }

  #finish(): void {
    const news = this.#parts.book.news !== this.#newsBefore;
    this.#current = true;
    const held = this.#held;
    this.#held = [];
    for (const change of held) change();
    announce(this.#parts.book);
    if (this.#cursor !== undefined) this.#parts.onCaughtUp(this.#cursor, news);
  }

  #retry(error: unknown): void {
    const { clock, random, book } = this.#parts;
    const why = asRefusal(error);
    // A cursor that the server can't read: a snapshot does.
    if (why.code === "invalid_input") this.#cursor = undefined;
    this.#running = false;
    const waitMs = retryPause(why, { failures: this.#failures++, random });
    this.#cancelRetry = clock.after(waitMs, () => this.request());
    book.events.emit("trouble", { doing: "syncing", error: why });
  }
}
