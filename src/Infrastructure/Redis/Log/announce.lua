-- Says on channels that their source has lost something, outside of the sequence; and notes it with them for whoever cannot hear it now.
--
-- ARGV: body, seconds: on every channel that was active so lately; or '' and the name of one.

local epoch = redis.call('GET', 'dash:epoch')
local names = {ARGV[3]}
if ARGV[2] ~= '' then
  local now = tonumber(redis.call('TIME')[1])
  names = redis.call('ZRANGEBYSCORE', 'dash:active', now - tonumber(ARGV[2]), '+inf')
end
for _, name in ipairs(names) do
  local held = redis.call('HMGET', 'dash:c:' .. name, 'epoch', 'offset')
  if epoch and held[1] == epoch then
    redis.call('HSET', 'dash:c:' .. name, 'lost', held[2] .. ' ' .. ARGV[1])
  end
  redis.call('PUBLISH', 'dash:ch:' .. name, '- 0 ' .. #ARGV[1] .. ' ' .. ARGV[1])
end
return #names
