-- Everything in dash:pending up to an id is stored. A channel that has nothing else to be stored may be forgotten when it stays idle.
--
-- ARGV: writer, id, the id after it, seconds; then of each channel: name, offset up to which it is stored.
-- Tells everyone: epoch, id, and of each channel a line with offset and name. Answer: 1; 0 for one that is not the writer any more.

if redis.call('GET', 'dash:writer') ~= ARGV[1] then
  return 0
end

redis.call('XTRIM', 'dash:pending', 'MINID', ARGV[3])
redis.call('SET', 'dash:stored', ARGV[2])
local lines = {redis.call('GET', 'dash:epoch') .. ' ' .. ARGV[2]}
for i = 5, #ARGV, 2 do
  local name, offset = ARGV[i], tonumber(ARGV[i + 1])
  local counter = 'dash:c:' .. name
  local head = redis.call('HGET', counter, 'offset')
  if head then
    redis.call('HSET', counter, 'stored', offset)
    if tonumber(head) == offset then
      redis.call('HSET', counter, 'idle', 1)
      -- The counter goes first: one that is missing is made anew with everything that belongs to it.
      redis.call('EXPIRE', counter, ARGV[4])
      redis.call('EXPIRE', 'dash:i:' .. name, ARGV[4] + 60)
      redis.call('EXPIRE', 'dash:w:' .. name, ARGV[4] + 60)
    end
  end
  lines[#lines + 1] = ARGV[i + 1] .. ' ' .. name
end
redis.call('PUBLISH', 'dash:stored', table.concat(lines, '\n'))
return 1
