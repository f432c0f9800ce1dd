import type { Log } from "@parley/platform";

export interface GatheredNewsOptions<News> {
  /** Of two pieces of news with the same key only the newer one is told. */
  keyOf: (news: News) => string;
  tell: (news: News[]) => Promise<void>;
  /** For the log. */
  what: string;
  log: Log;
}

/** News that comes within so long is told together: when a node goes, thousands come and go at once. */
const WAIT_MS = 50;
const BATCH = 200;

/** Gathers passing news, so that much of it costs few queries and packets. What can't be told is lost. */
export class GatheredNews<News> {
  readonly #options: GatheredNewsOptions<News>;
  readonly #due = new Map<string, News>();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(options: GatheredNewsOptions<News>) {
    this.#options = options;
  }

  add(news: News): void {
    this.#due.set(this.#options.keyOf(news), news);
    this.#timer ??= setTimeout(() => void this.flush(), WAIT_MS);
  }

  /** Resolves when everything has been told, or could not be. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#running = this.#running.then(() => this.#tellAll());
    return this.#running;
  }

  async #tellAll(): Promise<void> {
    const { tell, what, log } = this.#options;
    while (this.#due.size > 0) {
      const batch = [...this.#due].slice(0, BATCH);
      for (const [key] of batch) this.#due.delete(key);
      try {
        await tell(batch.map(([, news]) => news));
      } catch (error) {
        log.warn({ err: error, count: batch.length }, `could not tell ${what}`);
      }
    }
  }
}
