-- Says something, outside of the sequence, on every channel that was active lately.
--
-- ARGV: body, seconds.

local now = tonumber(redis.call('TIME')[1])
local active = redis.call('ZRANGEBYSCORE', 'dash:active', now - tonumber(ARGV[2]), '+inf')
for _, name in ipairs(active) do
  redis.call('PUBLISH', 'dash:ch:' .. name, '- 0 ' .. ARGV[1])
end
return #active
