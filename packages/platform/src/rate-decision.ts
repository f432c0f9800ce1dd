/** So many a minute in the long run, and so many at once. */
export interface RatePolicy {
  /** Tells policies apart that apply to the same key. */
  name: string;
  perMinute: number;
  burst: number;
}

/** What a limiter says to one request. */
export interface RateDecision {
  allowed: boolean;
  /** The policy's requests per minute. */
  limit: number;
  /** How many more would be allowed at this moment. */
  remaining: number;
  /** 0 when allowed; else the time after which one request is allowed. */
  retryAfterMs: number;
  /** The time after which the whole burst is there again. */
  resetMs: number;
}
