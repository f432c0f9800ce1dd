export interface CircuitBreakerOptions {
  /** Milliseconds since some moment. */
  clock: () => number;
  /** Told when it opens and closes. */
  onChange: (isOpen: boolean) => void;
}

const FAILURES = 3;
const REST_MS = 5_000;

/**
 * Keeps a server alone that has failed three times in a row: for 5 s nothing is asked, then one question tries whether it is back. A
 * dead server costs nobody any time.
 */
export class CircuitBreaker {
  readonly #options: CircuitBreakerOptions;
  #failures = 0;
  #restUntil = 0;

  constructor(options: CircuitBreakerOptions) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#failures >= FAILURES;
  }

  /** Whether a question may be asked now. `trial`: it may, but nobody should wait for its answer. */
  admit(): "yes" | "trial" | "no" {
    if (!this.isOpen) return "yes";
    const now = this.#options.clock();
    if (now < this.#restUntil) return "no";
    // The next trial comes when this one has failed, or has been lost.
    this.#restUntil = now + REST_MS;
    return "trial";
  }

  succeed(): void {
    const wasOpen = this.isOpen;
    this.#failures = 0;
    if (wasOpen) this.#options.onChange(false);
  }

  fail(): void {
    const wasOpen = this.isOpen;
    this.#failures++;
    if (!this.isOpen) return;
    this.#restUntil = this.#options.clock() + REST_MS;
    if (!wasOpen) this.#options.onChange(true);
  }
}
