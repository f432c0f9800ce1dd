import { presenceScript } from "./presence-scripts.js";

/** KEYS nodes, node's views; ARGV node, lease ms, entries that there should be (-1: unknown). Answers 1 when Redis has as many, else 0. */
const BEAT = `
local now = clock()
redis.call('ZADD', KEYS[1], string.format('%.0f', now + tonumber(ARGV[2])), ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now - 60000))
redis.call('PEXPIRE', KEYS[2], tonumber(ARGV[2]) * 2)
local due = tonumber(ARGV[3])
if due < 0 or redis.call('HLEN', KEYS[2]) == due then return 1 end
return 0
`;

/** KEYS nodes; ARGV prefix of the nodes' keys, lease ms, entry…. Answers for each how many ms ago a node vouched for it, or -1. */
const READ = `
local now, lease, answers = clock(), tonumber(ARGV[2]), {}
for i = 3, #ARGV do answers[i - 2] = -1 end
local nodes = redis.call('ZRANGEBYSCORE', KEYS[1], string.format('%.0f', now), '+inf', 'WITHSCORES')
for n = 1, #nodes, 2 do
  local ago = now - (tonumber(nodes[n + 1]) - lease)
  local key = ARGV[1] .. nodes[n]
  for i = 3, #ARGV do
    if redis.call('HEXISTS', key, ARGV[i]) == 1 and (answers[i - 2] < 0 or ago < answers[i - 2]) then answers[i - 2] = ago end
  end
end
return answers
`;

/** Who looks at what, in Redis. They take Redis's own clock. */
export const VIEWING_SCRIPTS = { beat: presenceScript(BEAT), read: presenceScript(READ) };
