-- What an instance looks at once in a while: an idle one, too, notices data that are older than what it has seen.
--
-- ARGV: instance, epoch that it knows, number of its newest call that was answered in this epoch or 0, seconds that its calls are remembered.
-- Answer: the epoch, and the number of its call up to which everything is stored; either may be missing.

local epoch = redis.call('GET', 'dash:epoch')
local result_key = 'dash:r:' .. ARGV[1]
local result = redis.call('HMGET', result_key, 'call', 'stored')
if epoch and epoch == ARGV[2] and (tonumber(result[1]) or 0) < tonumber(ARGV[3]) then
  redis.call('DEL', 'dash:epoch', 'dash:writer')
  epoch = false
end
if result[1] and redis.call('TTL', result_key) < tonumber(ARGV[4]) / 2 then
  redis.call('EXPIRE', result_key, ARGV[4])
end
return {epoch, result[2]}
