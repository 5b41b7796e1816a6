-- Where a channel stands: the epoch, and the offset of its newest message; either may be missing.
--
-- ARGV: the channel's name.

return {redis.call('GET', 'dash:epoch'), redis.call('HGET', 'dash:c:' .. ARGV[1], 'offset')}
