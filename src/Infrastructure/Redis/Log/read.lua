-- The oldest of what is to be stored. Nothing, not even an empty list, for one that is not the writer (any more).
--
-- ARGV: writer, how many at most.

if redis.call('GET', 'dash:writer') ~= ARGV[1] then
  return false
end
return redis.call('XRANGE', 'dash:pending', '-', '+', 'COUNT', ARGV[2])
