-- A writer begins: from now on no other one may take from dash:pending. An epoch that is not the one in which this writer has stored, or that knows
-- less than it has stored, is one of older data, and ends.
--
-- ARGV: writer, the epoch in which it has stored or '', dash:stored as it is or as it may be.
-- Answer: epoch and dash:stored, either may be missing.

redis.call('SET', 'dash:writer', ARGV[1])
local epoch, stored = redis.call('GET', 'dash:epoch'), redis.call('GET', 'dash:stored')
if epoch and ARGV[2] ~= '' and (epoch ~= ARGV[2] or ((stored or '') ~= ARGV[3] and stored ~= ARGV[4])) then
  redis.call('DEL', 'dash:epoch')
  epoch = false
end
return {epoch, stored}
