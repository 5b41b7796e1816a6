-- An epoch ends, because the data are older than what somebody has seen. The writer opens the next one.
--
-- ARGV: the epoch, number of the newest epoch that the caller has heard of.

if redis.call('GET', 'dash:epoch') == ARGV[1] then
  redis.call('DEL', 'dash:epoch', 'dash:writer')
end
if tonumber(ARGV[2]) > tonumber(redis.call('GET', 'dash:epochs') or '0') then
  redis.call('SET', 'dash:epochs', ARGV[2])
end
return 1
