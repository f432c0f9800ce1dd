const BUCKET_MS = 0.1;
const BUCKETS = 300_000;

/** Latencies by tenths of a millisecond up to 30 s: adding one costs no memory. */
export class Histogram {
  readonly #counts = new Uint32Array(BUCKETS);
  #total = 0;

  add(ms: number): void {
    const bucket = Math.min(BUCKETS - 1, Math.max(0, Math.floor(ms / BUCKET_MS)));
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#total++;
  }

  /** In milliseconds; NaN when nothing was added. */
  quantile(share: number): number {
    if (this.#total === 0) return Number.NaN;
    let left = Math.ceil(this.#total * share);
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      left -= this.#counts[bucket] ?? 0;
      if (left <= 0) return (bucket + 1) * BUCKET_MS;
    }
    return BUCKETS * BUCKET_MS;
  }

  clear(): void {
    this.#counts.fill(0);
    this.#total = 0;
  }
}
