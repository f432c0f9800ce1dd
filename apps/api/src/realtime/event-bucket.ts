/** A token bucket for one socket: looked at before an event is even validated, so it must cost next to nothing. */
export class EventBucket {
  readonly #perMs: number;
  readonly #burst: number;
  #tokens: number;
  #at = performance.now();

  constructor(policy: { perSecond: number; burst: number }) {
    this.#perMs = policy.perSecond / 1_000;
    this.#burst = policy.burst;
    this.#tokens = policy.burst;
  }

  /** Milliseconds to wait before the event may be sent again; 0 when it may pass. */
  take(): number {
    const now = performance.now();
    this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#at) * this.#perMs);
    this.#at = now;
    if (this.#tokens >= 1) {
      this.#tokens -= 1;
      return 0;
    }
    return Math.ceil((1 - this.#tokens) / this.#perMs);
  }
}
