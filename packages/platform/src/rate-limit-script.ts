import { createHash } from "node:crypto";
import type { RateDecision, RatePolicy } from "./rate-decision.js";
import type { Redis } from "./redis.js";

/** One request to be counted. */
export interface Take {
  key: string;
  policy: RatePolicy;
}

/**
 * The generic cell rate algorithm: a key's value is the moment (µs) at which its burst is whole again. Redis's own
 * clock decides, so that the nodes' clocks don't matter; a value further ahead than it can be (the clock went back) is cut.
 * The time to wait has a millisecond more than it needs, because timers fire up to one early.
 */
const SCRIPT = `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local answers = {}
for i = 1, #KEYS do
  local interval = tonumber(ARGV[2 * i - 1])
  local window = interval * tonumber(ARGV[2 * i])
  local stored = tonumber(redis.call('GET', KEYS[i])) or now
  local whole = math.min(math.max(stored, now), now + window)
  local after = whole + interval
  local room = now + window - after
  if room >= 0 then
    redis.call('SET', KEYS[i], string.format('%.0f', after), 'PX', math.ceil((after - now) / 1000))
    answers[i] = { 1, math.floor(room / interval), 0, math.ceil((after - now) / 1000) }
  else
    if stored > whole then
      redis.call('SET', KEYS[i], string.format('%.0f', whole), 'PX', math.ceil(window / 1000))
    end
    answers[i] = { 0, 0, math.floor(-room / 1000) + 2, math.ceil((whole - now) / 1000) }
  end
end
return answers
`;

const SHA = createHash("sha1").update(SCRIPT).digest("hex");

/** Decides requests in their order, in one call. Rejects when Redis fails. */
export async function runRateLimitScript(
  redis: Redis,
  { prefix, takes }: { prefix: string; takes: readonly Take[] },
): Promise<RateDecision[]> {
  // The common hash tag keeps all keys on one node of a Redis cluster.
  const keys = takes.map(({ key, policy }) => `${prefix}:{rl}:${policy.name}:${key}`);
  const args = takes.flatMap(({ policy }) => [Math.round(60_000_000 / policy.perMinute), policy.burst]);
  const replies = await evaluate(redis, keys, args);
  return takes.map(({ policy }, place) => {
    const [allowed, remaining, retryAfterMs, resetMs] = replies[place] ?? [];
    if (
      allowed === undefined ||
      remaining === undefined ||
      retryAfterMs === undefined ||
      resetMs === undefined
    )
      throw new Error("The rate limit script answered with something else than decisions.");
    return { allowed: allowed === 1, limit: policy.perMinute, remaining, retryAfterMs, resetMs };
  });
}

async function evaluate(redis: Redis, keys: string[], args: number[]): Promise<number[][]> {
  try {
    return (await redis.evalsha(SHA, keys.length, ...keys, ...args)) as number[][];
  } catch (error) {
    // A restarted or flushed Redis doesn't know the script any more.
    if (!(error instanceof Error) || !error.message.startsWith("NOSCRIPT")) throw error;
    return (await redis.eval(SCRIPT, keys.length, ...keys, ...args)) as number[][];
  }
}
