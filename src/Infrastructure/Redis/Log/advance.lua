-- Moves the position in a stream of the producers on: everything up to it is stored. Only from where the caller knows it: a Redis with other data, another
-- reader, or an operator may have put it elsewhere, and what is to be read from there must not be skipped.
--
-- ARGV: stream, group, the position that the caller knows, the new one.
-- Answer: 1, or 0 where the group stands elsewhere, or is gone.

local stream, group = ARGV[1], ARGV[2]

for _, found in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
  local info = {}
  for i = 1, #found, 2 do
    info[found[i]] = found[i + 1]
  end
  if info['name'] == group and info['last-delivered-id'] == ARGV[3] then
    redis.call('XGROUP', 'SETID', stream, group, ARGV[4])
    return 1
  end
end
return 0
