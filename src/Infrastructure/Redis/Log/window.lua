-- The newest messages of a channel, after an offset. None where they are of an epoch that has ended.
--
-- ARGV: the channel's name, the first id, how many at most.

local epoch = redis.call('GET', 'dash:epoch')
if not epoch or redis.call('HGET', 'dash:c:' .. ARGV[1], 'epoch') ~= epoch then
  return {}
end
return redis.call('XRANGE', 'dash:w:' .. ARGV[1], ARGV[2], '+', 'COUNT', ARGV[3])
