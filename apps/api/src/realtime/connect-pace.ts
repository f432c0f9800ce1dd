export interface ConnectPaceOptions {
  /** Clients let in per second, and at once after a quiet second. */
  perSecond: number;
  /** Clients that may wait; who comes when so many do is turned away. */
  mostWaiting: number;
  /** Milliseconds that only grow; for tests. */
  now?: () => number;
}

const TICK_MS = 20;

/**
 * Lets clients in at a bounded rate: after an outage all of them come at once, and each costs a read of their chats and a write of their
 * presence. Without a storm nobody waits.
 */
export class ConnectPace {
  readonly #options: ConnectPaceOptions;
  readonly #now: () => number;
  readonly #waiting: Array<() => void> = [];
  #tokens: number;
  #at: number;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: ConnectPaceOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#tokens = options.perSecond;
    this.#at = this.#now();
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Resolves when it is the caller's turn, in the order of the calls; null when too many wait already. */
  turn(): Promise<void> | null {
    this.#refill();
    if (this.#waiting.length === 0 && this.#tokens >= 1) {
      this.#tokens -= 1;
      return Promise.resolve();
    }
    if (this.#waiting.length >= this.#options.mostWaiting) return null;
    this.#timer ??= setInterval(() => this.release(), TICK_MS).unref();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Lets in as many as may come in by now; called by its own timer. */
  release(): void {
    this.#refill();
    while (this.#tokens >= 1 && this.#waiting.length > 0) {
      this.#tokens -= 1;
      this.#waiting.shift()?.();
    }
    if (this.#waiting.length === 0) this.#stop();
  }

  /** Those who wait are left waiting; their transports are about to be closed. */
  close(): void {
    this.#stop();
    this.#waiting.length = 0;
  }

  #refill(): void {
    const { perSecond } = this.#options;
    const now = this.#now();
    this.#tokens = Math.min(perSecond, this.#tokens + ((now - this.#at) * perSecond) / 1_000);
    this.#at = now;
  }

  #stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }
}
