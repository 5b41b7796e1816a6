-- A writer begins: from now on no other one may take from dash:pending. Where Redis has lost its data (or never had any) it opens a new epoch.
-- Only a writer does that, because only it knows that nothing of the epoch before is still on its way to the store: the offsets at which channels
-- begin again are read from there.
--
-- ARGV: writer, an epoch that is new.

redis.call('SET', 'dash:writer', ARGV[1])
if redis.call('SETNX', 'dash:epoch', ARGV[2]) == 1 then
  redis.call('PUBLISH', 'dash:epoch', ARGV[2])
end
return redis.call('GET', 'dash:epoch')
