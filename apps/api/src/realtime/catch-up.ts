import type { Commit, CommitLog } from "@parley/engine";
import type { Log } from "@parley/platform";

export interface CatchUpOptions {
  /** Where the log of commits ends now. */
  readEnd: () => Promise<string>;
  /** Which chats have changed since. */
  readCommits: (since: string) => Promise<CommitLog>;
  onCommits: (commits: Commit[], options: { atOnce: boolean }) => void;
  log: Log;
  /** Time between two looks while the bus works, and while it doesn't. */
  everyMs?: { healthy: number; degraded: number };
}

const EVERY_MS = { healthy: 5_000, degraded: 500 };
const SETTLING_MS = 5_000;

/**
 * Asks Postgres from time to time which chats have changed, because what the bus says is only a hint. One cheap query while all is well;
 * while the bus is broken it is what carries the other nodes' news here.
 */
export class CatchUp {
  readonly #options: CatchUpOptions;
  #since: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #degraded = false;
  #oftenUntil = 0;
  #closed = false;

  constructor(options: CatchUpOptions) {
    this.#options = options;
  }

  /** Starts from the log's present end; what was before is read by each client that connects. */
  start(): void {
    this.#look();
  }

  /** Looks at once, and from now on more or less often. */
  setDegraded(degraded: boolean): void {
    if (this.#degraded === degraded) return;
    this.#degraded = degraded;
    // The word that came back says little of the other nodes, whose connections may need a moment more.
    this.#oftenUntil = performance.now() + SETTLING_MS;
    this.#look();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #look(): void {
    clearTimeout(this.#timer);
    // One that is under way may have read just before what this one is for, so it is followed by another.
    this.#running = (this.#running ?? Promise.resolve()).then(() => this.#read());
  }

  async #read(): Promise<void> {
    if (this.#closed) return;
    try {
      if (this.#since === undefined) this.#since = await this.#options.readEnd();
      const { commits, next } = await this.#options.readCommits(this.#since);
      this.#since = next;
      if (commits.length > 0) this.#options.onCommits(commits, { atOnce: this.#degraded });
    } catch (error) {
      this.#options.log.warn({ err: error }, "could not look for missed changes; trying again");
    }
    const { healthy, degraded } = this.#options.everyMs ?? EVERY_MS;
    clearTimeout(this.#timer);
    const often = this.#degraded || performance.now() < this.#oftenUntil;
    if (!this.#closed) this.#timer = setTimeout(() => this.#look(), often ? degraded : healthy);
  }
}
