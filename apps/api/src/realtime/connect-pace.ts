import { ParleyError } from "@parley/contracts";

export interface ConnectPaceOptions {
  /** Clients let in per second, and at once after a quiet second. */
  perSecond: number;
  /** Clients that may wait; who comes when so many do is turned away. */
  mostWaiting: number;
  /** Milliseconds that only grow; for tests. */
  now?: () => number;
}

/** Somebody who waits for their turn. */
interface Waiting {
  letIn: () => void;
  refuse: (refusal: ParleyError) => void;
}

const TICK_MS = 20;

/**
 * Lets clients in at a bounded rate: after an outage all of them come at once, and each costs a read of their chats and a write of their
 * presence. Without a storm nobody waits.
 */
export class ConnectPace {
  readonly #options: ConnectPaceOptions;
  readonly #now: () => number;
  readonly #waiting: Waiting[] = [];
  #closed = false;
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

  /** Resolves when it is the caller's turn, in the order of the calls. Refuses: overloaded (too many wait already), draining. */
  async turn(): Promise<void> {
    if (this.#closed) throw new ParleyError("draining");
    this.#refill();
    if (this.#waiting.length === 0 && this.#tokens >= 1) {
      this.#tokens -= 1;
      return;
    }
    if (this.#waiting.length >= this.#options.mostWaiting) throw new ParleyError("overloaded");
    this.#timer ??= setInterval(() => this.release(), TICK_MS).unref();
    await new Promise<void>((letIn, refuse) => this.#waiting.push({ letIn, refuse }));
  }

  /** Lets in as many as may come in by now; called by its own timer. */
  release(): void {
    this.#refill();
    while (this.#tokens >= 1 && this.#waiting.length > 0) {
      this.#tokens -= 1;
      this.#waiting.shift()?.letIn();
    }
    if (this.#waiting.length === 0) this.#stop();
  }

  /** Refuses those who wait, and everybody who comes from now on. */
  close(): void {
    this.#closed = true;
    this.#stop();
    for (const { refuse } of this.#waiting.splice(0)) refuse(new ParleyError("draining"));
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
