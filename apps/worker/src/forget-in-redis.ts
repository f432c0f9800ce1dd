import { createHash } from "node:crypto";
import { type Redis, scanKeys } from "@parley/platform";

const AT_ONCE = 1_000;

interface Place {
  redis: Redis;
  /** What all keys of the cluster begin with. */
  prefix: string;
}

/**
 * Makes what removes a person from everything that the cluster keeps in Redis: presence, open chats, rates, and what the main server said of
 * them. It looks at every key, in small steps. Resolves with how many entries there were; rejects when Redis, or a server of a cluster, is away.
 */
export function createForget(place: Place): (userId: string) => Promise<number> {
  return async (userId) => {
    let removed = 0;
    for await (const keys of scanKeys(place.redis, { prefix: `${place.prefix}:`, atOnce: AT_ONCE }))
      for (const key of keys) removed += await forgetKey(place, { key, userId });
    return removed;
  };
}

async function forgetKey(place: Place, { key, userId }: { key: string; userId: string }): Promise<number> {
  // Long ids stand in keys of presence as a digest.
  const digest = createHash("sha256").update(userId).digest("base64url");
  if (namesPerson(key, userId) || key.endsWith(`:user:#${digest}`)) return place.redis.unlink(key);
  if (!key.startsWith(`${place.prefix}:{presence}`)) return 0;
  const kind = await place.redis.type(key);
  if (kind === "set") return forgetMembers(place.redis, { key, userId });
  return kind === "hash" && key.includes(":viewing:") ? forgetViews(place.redis, { key, userId }) : 0;
}

/** `…:person`, or in rooms `…:room person`. */
function namesPerson(name: string, userId: string): boolean {
  return name.endsWith(`:${userId}`) || name.endsWith(` ${userId}`);
}

async function forgetMembers(
  redis: Redis,
  { key, userId }: { key: string; userId: string },
): Promise<number> {
  let removed = 0;
  for (let cursor = "0", isFirst = true; isFirst || cursor !== "0"; isFirst = false) {
    const [next, members] = await redis.sscan(key, cursor, "COUNT", AT_ONCE);
    cursor = next;
    const own = members.filter((member) => member === userId || namesPerson(member, userId));
    if (own.length > 0) removed += await redis.srem(key, ...own);
  }
  return removed;
}

async function forgetViews(redis: Redis, { key, userId }: { key: string; userId: string }): Promise<number> {
  let removed = 0;
  for (let cursor = "0", isFirst = true; isFirst || cursor !== "0"; isFirst = false) {
    const [next, fields] = await redis.hscan(key, cursor, "COUNT", AT_ONCE);
    cursor = next;
    const own = fields.filter((field, at) => at % 2 === 0 && field.startsWith(`${userId}\u0000`));
    if (own.length > 0) removed += await redis.hdel(key, ...own);
  }
  return removed;
}
