import type { Log, Redis } from "@parley/platform";

export interface DatabaseWatchOptions {
  /** Resolves when this node's Postgres answers. */
  ping: () => Promise<void>;
  /** A connection of the role `cache`. */
  redis: Redis;
  /** Where the nodes that reach Postgres say so. */
  key: string;
  /** True: this node can't reach Postgres although another one can, so its clients are better off elsewhere. */
  onAlone: (alone: boolean) => void;
  log: Log;
  everyMs?: number;
  /** How long Postgres must be out of reach. */
  patienceMs?: number;
}

const EVERY_MS = 1_000;
const PATIENCE_MS = 6_000;
/** Less than the patience: by then this node's own word is gone, and what stands there is another's. */
const WORD_MS = 3_000;

/**
 * Notices that this node alone is cut off from Postgres. When Postgres itself is gone, clients stay where they are: they would find
 * nothing better elsewhere, and come back all at once.
 */
export class DatabaseWatch {
  readonly #options: DatabaseWatchOptions;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #failingSince: number | undefined;
  #alone = false;
  #closed = false;

  constructor(options: DatabaseWatchOptions) {
    this.#options = options;
  }

  get alone(): boolean {
    return this.#alone;
  }

  start(): void {
    this.#running = this.#look().then(() => {
      if (!this.#closed) this.#timer = setTimeout(() => this.start(), this.#options.everyMs ?? EVERY_MS);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  async #look(): Promise<void> {
    const { ping, redis, key, patienceMs = PATIENCE_MS } = this.#options;
    try {
      await ping();
      this.#failingSince = undefined;
      this.#set(false);
      await redis.set(key, "1", "PX", Math.min(WORD_MS, patienceMs / 2)).catch(() => undefined);
    } catch {
      this.#failingSince ??= performance.now();
      if (performance.now() - this.#failingSince < patienceMs) return;
      // Without Redis nobody knows how the others are, so all stay.
      const word = await redis.get(key).catch(() => null);
      if (word !== null) this.#set(true);
    }
  }

  #set(alone: boolean): void {
    if (this.#alone === alone) return;
    this.#alone = alone;
    if (alone)
      this.#options.log.error({}, "this node alone can't reach Postgres: its clients are sent to the others");
    else this.#options.log.info({}, "Postgres answers again; clients are welcome");
    this.#options.onAlone(alone);
  }
}
