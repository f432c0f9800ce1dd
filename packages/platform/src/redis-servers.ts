import { Cluster, type Redis as Server } from "ioredis";
import type { Redis } from "./redis.js";
import { mastersOf, refreshSlots } from "./redis-cluster/cluster-masters.js";

const SLOTS = 16_384;

/** The servers that together have all keys. Throws where one of them is away, so that nobody takes a part for the whole. */
function everyServer(redis: Redis): Server[] {
  if (!(redis instanceof Cluster)) return [redis];
  const masters = mastersOf(redis);
  const servers = masters.flatMap(({ connection }) => connection ?? []);
  if (redis.slots.filter(Boolean).length < SLOTS || servers.length < masters.length)
    throw new Error("A server of the Redis cluster is away.");
  return servers;
}

/** Rejects when Redis, or one server of a cluster, does not answer. */
export async function pingRedis(redis: Redis): Promise<void> {
  await Promise.all(everyServer(redis).map((server) => server.ping()));
}

/** Pages through all keys that begin with a prefix, on every server; a key that moves between servers meanwhile may be missed or come twice. */
export async function* scanKeys(
  redis: Redis,
  { prefix, atOnce }: { prefix: string; atOnce: number },
): AsyncGenerator<string[]> {
  const error = redis instanceof Cluster ? await refreshSlots(redis) : undefined;
  if (error !== undefined) throw error;
  for (const server of everyServer(redis)) {
    for (let cursor = "0", isFirst = true; isFirst || cursor !== "0"; isFirst = false) {
      const [next, keys] = await server.scan(cursor, "MATCH", `${prefix}*`, "COUNT", atOnce);
      cursor = next;
      yield keys;
    }
  }
}

/** Reads texts under keys that need not be on the same server of a cluster, in their order. */
export function readTexts(redis: Redis, keys: string[]): Promise<(string | null)[]> {
  if (!(redis instanceof Cluster)) return redis.mget(keys);
  return Promise.all(keys.map((key) => redis.get(key)));
}
