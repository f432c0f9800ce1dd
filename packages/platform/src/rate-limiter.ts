import { createFallbackLimiter } from "./fallback-limiter.js";
import type { Log } from "./logger.js";
import type { RateDecision, RatePolicy } from "./rate-decision.js";
import { runRateLimitScript, type Take } from "./rate-limit-script.js";
import type { Redis } from "./redis.js";

export interface RateLimiterOptions {
  /** A connection of the role `cache`. */
  redis: Redis;
  log: Log;
  /** Told how many decisions were just made without Redis. */
  onFallback?: (decisions: number) => void;
  /** First part of the keys in Redis. */
  prefix?: string;
  /** How long Redis may take for one call. */
  patienceMs?: number;
  /** How long Redis is left alone after it failed. */
  restMs?: number;
}

export interface RateLimiter {
  /** Counts one request of `key`, for the whole cluster. Never rejects; decides inside this process while Redis is away. */
  take(key: string, policy: RatePolicy): Promise<RateDecision>;
}

interface Waiting extends Take {
  resolve: (decision: RateDecision) => void;
}

/** Bounds the time for which one script call keeps Redis from everything else. */
const BATCH_LIMIT = 500;

/**
 * Makes a rate limiter whose state all nodes share. At most one call to Redis is under way; requests that come meanwhile
 * go together in the next, so that a call costs little under load and nothing waits when there is none.
 */
export function createRateLimiter(options: RateLimiterOptions): RateLimiter {
  const { redis, log, onFallback, prefix = "parley", patienceMs = 100, restMs = 1000 } = options;
  const fallback = createFallbackLimiter();
  const waiting: Waiting[] = [];
  let running = false;
  let restUntil = 0;
  let isAway = false;

  const isResting = () => redis.status !== "ready" || performance.now() < restUntil;

  const decideHere = (takes: readonly Waiting[]) => {
    onFallback?.(takes.length);
    for (const { key, policy, resolve } of takes) resolve(fallback.take(key, policy));
  };

  const runBatch = async (batch: readonly Waiting[]) => {
    try {
      const decisions = await within(runRateLimitScript(redis, { prefix, takes: batch }), patienceMs);
      for (const [place, decision] of decisions.entries()) batch[place]?.resolve(decision);
      if (isAway) log.info({}, "Rate limits are shared by the cluster again");
      isAway = false;
    } catch (error) {
      restUntil = performance.now() + restMs;
      if (!isAway) log.warn({ err: error }, "Rate limits are counted per node while Redis does not answer");
      isAway = true;
      decideHere([...batch, ...waiting.splice(0)]);
    }
  };

  const run = async () => {
    while (waiting.length > 0) await runBatch(waiting.splice(0, BATCH_LIMIT));
    running = false;
  };

  return {
    take: (key, policy) =>
      new Promise((resolve) => {
        const take = { key, policy, resolve };
        if (isResting()) return decideHere([take]);
        waiting.push(take);
        if (running) return;
        running = true;
        // After this turn of the event loop's work, so that what arrived in one read goes together.
        queueMicrotask(() => void run());
      }),
  };
}

/** After a stall of the event loop its timers come first: one look at the sockets more, and an answer that is there counts. */
function within<Value>(work: Promise<Value>, patienceMs: number): Promise<Value> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new Error(`Redis took more than ${patienceMs} ms.`));
    const timer = setTimeout(() => setImmediate(late), patienceMs);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
