import type { Commit, CommitLog } from "@parley/engine";
import type { Log } from "@parley/platform";

export interface CatchUpOptions {
  /** Where the log of commits ends now. */
  readEnd: () => Promise<string>;
  /** Which chats have changed since. */
  readCommits: (since: string) => Promise<CommitLog>;
  /** Tells the other nodes that this one's news does not reach them for the next `forMs`. */
  reportOutage: (forMs: number) => Promise<void>;
  /** Whether another node has said so of itself. */
  hasOutage: () => Promise<boolean>;
  onCommits: (commits: Commit[], options: { atOnce: boolean }) => void;
  /** This node was away from Postgres for longer than the log is kept: nobody can tell what it missed. */
  onLost: () => void;
  /** How long the log is kept. */
  keptMs: number;
  log: Log;
  /** Times between two looks at the log, while all is well and while a bus is broken. */
  everyMs?: { healthy: number; degraded: number };
  /** Milliseconds that only grow; for tests. */
  now?: () => number;
}

const EVERY_MS = { healthy: 5_000, degraded: 500 };
/** Looking goes on being frequent for so long after the bus works again: other nodes' connections may need a moment more. */
const SETTLING_MS = 5_000;

/**
 * Asks Postgres from time to time which chats have changed, because what the bus says is only a hint. While this node's bus or another
 * node's is broken, that is what carries the news, so it happens often; else a healthy node only looks, twice a second, whether anybody is cut off.
 */
export class CatchUp {
  readonly #options: CatchUpOptions;
  readonly #everyMs: { healthy: number; degraded: number };
  readonly #now: () => number;
  #since: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #degraded = false;
  #oftenUntil = 0;
  /** When the log was read last, and when this node's outage was last told. */
  #readAt: number;
  #toldAt = Number.NEGATIVE_INFINITY;
  #failing = false;
  #closed = false;

  constructor(options: CatchUpOptions) {
    this.#options = options;
    this.#everyMs = options.everyMs ?? EVERY_MS;
    this.#now = options.now ?? (() => performance.now());
    this.#readAt = this.#now();
  }

  /** Starts from the log's present end; what was before is read by each client that connects. */
  start(): void {
    this.#look();
  }

  /** Looks at once, and from now on more or less often. */
  setDegraded(degraded: boolean): void {
    if (this.#degraded === degraded) return;
    this.#degraded = degraded;
    this.#toldAt = Number.NEGATIVE_INFINITY;
    this.#oftenUntil = this.#now() + SETTLING_MS;
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
    this.#running = (this.#running ?? Promise.resolve()).then(() => this.#step());
  }

  async #step(): Promise<void> {
    if (this.#closed) return;
    try {
      await this.#shareOutages();
      if (this.#isDue()) await this.#read();
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) {
        this.#options.log.warn({ err: error }, "could not look for missed changes; trying again");
      }
      this.#failing = true;
    }
    clearTimeout(this.#timer);
    if (!this.#closed) this.#timer = setTimeout(() => this.#look(), this.#everyMs.degraded);
  }

  /** While this node is cut off the others must know; while it isn't, it asks whether another one is. */
  async #shareOutages(): Promise<void> {
    const { reportOutage, hasOutage } = this.#options;
    if (!this.#degraded) {
      if (await hasOutage()) this.#oftenUntil = this.#now() + SETTLING_MS;
    } else if (this.#now() - this.#toldAt >= SETTLING_MS / 2) {
      await reportOutage(SETTLING_MS);
      this.#toldAt = this.#now();
    }
  }

  #isDue(): boolean {
    const isOften = this.#degraded || this.#now() < this.#oftenUntil;
    return this.#since === undefined || isOften || this.#now() - this.#readAt >= this.#everyMs.healthy;
  }

  async #read(): Promise<void> {
    const { readEnd, readCommits, onCommits, onLost, keptMs } = this.#options;
    const isLost = this.#since !== undefined && this.#now() - this.#readAt > keptMs / 2;
    if (this.#since === undefined || isLost) this.#since = await readEnd();
    if (isLost) onLost();
    const { commits, next } = await readCommits(this.#since);
    this.#since = next;
    this.#readAt = this.#now();
    const atOnce = this.#degraded || this.#now() < this.#oftenUntil;
    if (commits.length > 0) onCommits(commits, { atOnce });
  }
}
