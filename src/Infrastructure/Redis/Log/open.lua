-- The writer opens a new epoch where there is none. Only a writer does that, and only when everything that Redis still held is stored: the offsets at
-- which channels begin again are read from the store.
--
-- ARGV: writer, something random, number of the newest epoch that it has heard of.
-- Answer: the epoch; nothing for one that is not the writer any more, or while something waits to be stored.

if redis.call('GET', 'dash:writer') ~= ARGV[1] then
  return false
end
local epoch = redis.call('GET', 'dash:epoch')
if not epoch then
  if redis.call('XLEN', 'dash:pending') > 0 then
    return false
  end
  local number = math.max(tonumber(redis.call('GET', 'dash:epochs') or '0'), tonumber(ARGV[3])) + 1
  epoch = number .. '-' .. ARGV[2]
  redis.call('SET', 'dash:epochs', number)
  redis.call('SET', 'dash:epoch', epoch)
  redis.call('PUBLISH', 'dash:epoch', epoch)
end
return epoch
