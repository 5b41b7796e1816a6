-- Where to go on in a stream of the producers: everything after the answered id is still to be taken in. Makes sure of the consumer group, in which
-- that position is kept.
--
-- ARGV: stream, group, where a new group begins.
-- Answer: the id, and whether the group is new (1 or 0).
--
-- Nothing is read by the group: what Redis counts as delivered may never have arrived, and would be found too late, after what came after it. Where
-- entries were delivered all the same, by an earlier version or by somebody else in its name, the group begins again before the oldest of them.

local stream, group, start = ARGV[1], ARGV[2], ARGV[3]

local created = redis.pcall('XGROUP', 'CREATE', stream, group, start, 'MKSTREAM')
local is_new = not created.err
if created.err and not string.find(created.err, 'BUSYGROUP', 1, true) then
  return created
end

local delivered = redis.call('XPENDING', stream, group)
if delivered[1] > 0 then
  local before = redis.call('XREVRANGE', stream, '(' .. delivered[2], '-', 'COUNT', 1)
  redis.call('XGROUP', 'DESTROY', stream, group)
  redis.call('XGROUP', 'CREATE', stream, group, before[1] and before[1][1] or '0-0')
end

for _, found in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
  local info = {}
  for i = 1, #found, 2 do
    info[found[i]] = found[i + 1]
  end
  if info['name'] == group then
    return {info['last-delivered-id'], is_new and 1 or 0}
  end
end
