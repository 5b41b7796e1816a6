-- Where a channel stands: the epoch, the offset of its newest message, and the status of its task; each may be missing.
--
-- ARGV: the channel's name.

local epoch = redis.call('GET', 'dash:epoch')
local held = redis.call('HMGET', 'dash:c:' .. ARGV[1], 'epoch', 'offset', 'status')
if held[1] ~= epoch then
  return {epoch, false, false}
end
return {epoch, held[2], held[3]}
