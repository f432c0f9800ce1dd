import { createHash } from "node:crypto";
import type { Redis } from "../redis.js";

export interface PresenceScript {
  text: string;
  sha: string;
}

/** What a script is run on. */
export interface PresenceCall {
  keys: string[];
  args: (string | number)[];
}

const CLOCK = `
local function clock()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
`;

/** Extends a node's lease; 0 says that it had run out or was not there, so that others may have withdrawn the node's users. */
const LEASE = `
local function extend(nodes, node, lease, now)
  local due = tonumber(redis.call('ZSCORE', nodes, node))
  redis.call('ZADD', nodes, string.format('%.0f', now + lease), node)
  if due and due > now then return 1 end
  return 0
end
`;

/**
 * Derives a user's status anew after one node's part of it was changed: online anywhere, else away anywhere. Whoever is offline
 * was last seen at \`leftAt\` if this change made them so, or if Redis had forgotten them. Where there is a group, who is not offline is in it;
 * its key is made from an argument, which is no harm where one hash tag keeps all keys together.
 */
const SETTLE = `
local function settle(user, change)
  local before, seen, after = '', -1, 'offline'
  local fields = redis.call('HGETALL', user)
  for i = 1, #fields, 2 do
    local name, value = fields[i], fields[i + 1]
    if name == 'status' then before = value
    elseif name == 'seen' then seen = tonumber(value)
    elseif value == 'online' or after == 'offline' then after = value end
  end
  redis.call('HSET', user, 'status', after)
  if after == 'offline' and (change.removed == 1 or before == '') then
    seen = math.max(seen, change.leftAt)
    redis.call('HSET', user, 'seen', string.format('%.0f', seen))
  end
  redis.call('EXPIRE', user, change.keep)
  if change.group ~= '' then
    redis.call(after == 'offline' and 'SREM' or 'SADD', change.group, change.id)
    redis.call('EXPIRE', change.group, change.keep)
  end
  return before, after, seen
end
`;

/** KEYS nodes; ARGV node, lease ms, limit. Answers whether the lease was held, and whose has run out. */
const RENEW = `
local now = clock()
local held = extend(KEYS[1], ARGV[1], tonumber(ARGV[2]), now)
return { held, redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now), 'LIMIT', 0, ARGV[3]) }
`;

/** KEYS nodes, node's users, user…; ARGV node, lease ms, keep s, (user id, status on this node, ms since it last left, group or '')… */
const WRITE = `
local now = clock()
local field = 'at:' .. ARGV[1]
local answers = { extend(KEYS[1], ARGV[1], tonumber(ARGV[2]), now), now }
for i = 3, #KEYS do
  local at = 4 * i - 8
  local removed = 0
  if ARGV[at + 1] == 'offline' then
    removed = redis.call('HDEL', KEYS[i], field)
    redis.call('SREM', KEYS[2], ARGV[at])
  else
    redis.call('HSET', KEYS[i], field, ARGV[at + 1])
    redis.call('SADD', KEYS[2], ARGV[at])
  end
  local change = { id = ARGV[at], removed = removed, leftAt = now - tonumber(ARGV[at + 2]), keep = ARGV[3], group = ARGV[at + 3] }
  answers[i] = { settle(KEYS[i], change) }
end
return answers
`;

/** KEYS nodes, lost node's users, user…; ARGV lost node, keep s, (user id, group or '')…. Does nothing for a node that is back. */
const WITHDRAW = `
local now = clock()
local due = tonumber(redis.call('ZSCORE', KEYS[1], ARGV[1]))
if due and due > now then return { 1, now } end
local answers = { 0, now }
for i = 3, #KEYS do
  local at = 2 * i - 3
  redis.call('SREM', KEYS[2], ARGV[at])
  if redis.call('HDEL', KEYS[i], 'at:' .. ARGV[1]) == 1 then
    local change = { id = ARGV[at], removed = 1, leftAt = due or now, keep = ARGV[2], group = ARGV[at + 1] }
    answers[i] = { settle(KEYS[i], change) }
  else
    -- Redis may have forgotten the user sooner than the others of the group.
    if ARGV[at + 1] ~= '' and redis.call('EXISTS', KEYS[i]) == 0 then redis.call('SREM', ARGV[at + 1], ARGV[at]) end
    answers[i] = { '', '', -1 }
  end
end
if redis.call('SCARD', KEYS[2]) == 0 then
  redis.call('ZREM', KEYS[1], ARGV[1])
  answers[1] = 1
end
return answers
`;

/** KEYS user…. Answers Redis's time and each user's status and last seen. */
const READ = `
local answers = { clock() }
for i = 1, #KEYS do
  local user = redis.call('HMGET', KEYS[i], 'status', 'seen')
  answers[i + 1] = { user[1] or 'offline', tonumber(user[2]) or -1 }
end
return answers
`;

/** KEYS group…. Answers how many are in each. */
const COUNT = `
local answers = {}
for i = 1, #KEYS do answers[i] = redis.call('SCARD', KEYS[i]) end
return answers
`;

/** All changes of presence in Redis. They take Redis's own clock, so that the nodes' clocks don't matter. */
export const PRESENCE_SCRIPTS = {
  renew: script(CLOCK, LEASE, RENEW),
  write: script(CLOCK, LEASE, SETTLE, WRITE),
  withdraw: script(CLOCK, SETTLE, WITHDRAW),
  read: script(CLOCK, READ),
  count: script(COUNT),
};

/** Runs a script, which a restarted Redis may not know any more. */
export async function runScript(
  redis: Redis,
  { text, sha }: PresenceScript,
  call: PresenceCall,
): Promise<unknown> {
  const rest = [...call.keys, ...call.args];
  try {
    return await redis.evalsha(sha, call.keys.length, ...rest);
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith("NOSCRIPT")) throw error;
    return await redis.eval(text, call.keys.length, ...rest);
  }
}

/** A script that may call `clock()`: the time in Redis, in ms. */
export function presenceScript(text: string): PresenceScript {
  return script(CLOCK, text);
}

function script(...parts: string[]): PresenceScript {
  const text = parts.join("");
  return { text, sha: createHash("sha1").update(text).digest("hex") };
}
