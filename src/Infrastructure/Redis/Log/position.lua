-- Where channels stand: the epoch, and of each the offset of its newest message, the status of its task, and what its source lost at last (the offset
-- after which, and what was said of it); each may be missing.
--
-- ARGV: the channels' names.

local epoch = redis.call('GET', 'dash:epoch')
local answer = {epoch}
for index, name in ipairs(ARGV) do
  local held = redis.call('HMGET', 'dash:c:' .. name, 'epoch', 'offset', 'status', 'lost')
  for part = 2, 4 do
    answer[3 * index + part - 3] = epoch and held[1] == epoch and held[part]
  end
end
return answer
