-- The oldest of what is to be stored. Nothing, not even an empty list, for one that is not the writer (any more), or where the data are older than what
-- it has stored.
--
-- ARGV: writer, dash:stored as it is or as it may be, how many messages and how many bytes of them are enough.

local PORTION = 16

if redis.call('GET', 'dash:writer') ~= ARGV[1] then
  return false
end
local stored = redis.call('GET', 'dash:stored') or ''
if stored ~= ARGV[2] and stored ~= ARGV[3] then
  redis.call('DEL', 'dash:epoch', 'dash:writer')
  return false
end

local entries, after, messages, bytes = {}, '-', tonumber(ARGV[4]), tonumber(ARGV[5])
repeat
  local some = redis.call('XRANGE', 'dash:pending', after, '+', 'COUNT', PORTION)
  for _, entry in ipairs(some) do
    local fields = entry[2]
    for i = 8, #fields, 2 do
      messages, bytes = messages - 1, bytes - #fields[i]
    end
    entries[#entries + 1] = entry
    after = '(' .. entry[1]
  end
until #some < PORTION or messages <= 0 or bytes <= 0

if #entries > 0 then
  redis.call('SET', 'dash:reading', entries[#entries][1])
end
return entries
