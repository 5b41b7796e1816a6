-- The oldest of what is to be stored. Nothing, not even an empty list, for one that is not the writer (any more), or where the data are older than what
-- it has stored.
--
-- ARGV: writer, how many at most, dash:stored as it is or as it may be.

if redis.call('GET', 'dash:writer') ~= ARGV[1] then
  return false
end
local stored = redis.call('GET', 'dash:stored') or ''
if stored ~= ARGV[3] and stored ~= ARGV[4] then
  redis.call('DEL', 'dash:epoch', 'dash:writer')
  return false
end
local entries = redis.call('XRANGE', 'dash:pending', '-', '+', 'COUNT', ARGV[2])
if #entries > 0 then
  redis.call('SET', 'dash:reading', entries[#entries][1])
end
return entries
