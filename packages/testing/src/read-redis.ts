import { type Redis, scanKeys } from "@parley/platform";

/** Everything that stands in Redis under keys with a beginning, as text: keys with their contents, whatever their type. */
export async function readRedis(
  redis: Redis,
  prefix: string,
): Promise<Array<{ where: string; text: string }>> {
  const found: Array<{ where: string; text: string }> = [];
  for await (const keys of scanKeys(redis, { prefix, atOnce: 1_000 })) {
    for (const key of keys)
      found.push({ where: "redis", text: `${key}: ${JSON.stringify(await contentsOf(redis, key))}` });
  }
  return found;
}

async function contentsOf(redis: Redis, key: string): Promise<unknown> {
  const type = await redis.type(key);
  if (type === "string") return redis.get(key);
  if (type === "hash") return redis.hgetall(key);
  if (type === "set") return redis.smembers(key);
  if (type === "zset") return redis.zrange(key, "0", "-1");
  if (type === "list") return redis.lrange(key, 0, -1);
  return type === "stream" ? redis.xrange(key, "-", "+") : null;
}
