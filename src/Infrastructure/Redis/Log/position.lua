-- Where channels stand: the epoch, and of each the offset of its newest message and the status of its task; each may be missing.
--
-- ARGV: the channels' names.

local epoch = redis.call('GET', 'dash:epoch')
local answer = {epoch}
for index, name in ipairs(ARGV) do
  local held = redis.call('HMGET', 'dash:c:' .. name, 'epoch', 'offset', 'status')
  local known = epoch and held[1] == epoch
  answer[2 * index] = known and held[2]
  answer[2 * index + 1] = known and held[3]
end
return answer
