-- Everything in dash:pending up to an id is stored. A channel that has nothing else to be stored may be forgotten when it stays idle.
--
-- ARGV: writer, id, the id after it, seconds; how many channels, of each: name, offset up to which it is stored;
--       of each instance: name, number of its call up to which it is stored.
-- Tells everyone: epoch; of each channel a line 'c', offset, name; of each instance a line 'r', number, name.
-- Answer: 1; 0 for one that is not the writer any more, or where these are not the data of which it has read.

if redis.call('GET', 'dash:writer') ~= ARGV[1] or redis.call('GET', 'dash:reading') ~= ARGV[2] then
  return 0
end

redis.call('XTRIM', 'dash:pending', 'MINID', ARGV[3])
redis.call('SET', 'dash:stored', ARGV[2])
local epoch = redis.call('GET', 'dash:epoch')
local lines = {epoch or '-'}
local last = 5 + 2 * tonumber(ARGV[5])
for i = 6, last, 2 do
  local name, offset = ARGV[i], tonumber(ARGV[i + 1])
  local counter = 'dash:c:' .. name
  local held = redis.call('HMGET', counter, 'epoch', 'offset')
  if held[1] then
    local present = held[1] == epoch
    if present then
      redis.call('HSET', counter, 'stored', offset)
    end
    if not present or tonumber(held[2]) == offset then
      redis.call('HSET', counter, 'idle', 1)
      -- The counter goes first: one that is missing is made anew with everything that belongs to it.
      redis.call('EXPIRE', counter, ARGV[4])
      redis.call('EXPIRE', 'dash:i:' .. name, ARGV[4] + 60)
      redis.call('EXPIRE', 'dash:w:' .. name, ARGV[4] + 60)
    end
  end
  lines[#lines + 1] = 'c ' .. ARGV[i + 1] .. ' ' .. name
end
for i = last + 1, #ARGV, 2 do
  local result_key = 'dash:r:' .. ARGV[i]
  if redis.call('EXISTS', result_key) == 1 then
    redis.call('HSET', result_key, 'stored', ARGV[i + 1])
  end
  lines[#lines + 1] = 'r ' .. ARGV[i + 1] .. ' ' .. ARGV[i]
end
redis.call('PUBLISH', 'dash:stored', table.concat(lines, '\n'))
return 1
