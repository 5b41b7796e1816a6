-- Appends a round of entries to the logs of their channels: all of it or nothing, and once, however often the call is repeated.
--
-- Keys (those of a channel end with its name):
--   dash:epoch      its number, and something random; changes only when Redis has lost data; the writer opens it (open.lua). While there is
--                   none, nothing is appended.
--   dash:epochs     the number of the newest epoch that was heard of
--   dash:c:…        hash: epoch (in another one than the present it counts as missing), offset, stored (both of the newest entry), complete
--                   (whether dash:i:… holds every id that the channel ever had), output (whether there is any), status (the version of the
--                   task, and its name), idle (1: everything is stored, and it expires), lost (what its source lost at last: the offset after
--                   which, and the message that said so)
--   dash:i:…        sorted set: the producers' ids by offset; ids that are not stored are never forgotten
--   dash:w:…        stream: the newest messages, under their offsets; what is not stored never leaves it
--   dash:pending    stream: what is to be stored, the messages of a channel in a call as one entry: c, its name; o, the offset of the first; r, the call, with
--                   the last entry of a call; then of each message: the ids of outbox rows that end with it, a blank and its source id; and the body
--   dash:writer     who stores
--   dash:reading    what the writer has in hand, and dash:stored, up to where it has stored: ids of dash:pending
--   dash:active     sorted set: channels by the second of their newest entry
--   dash:r:…        hash of an instance: its newest call and what became of it, and up to which call everything is stored
--
-- ARGV: instance, number of the call, number of its newest call that was answered in this epoch or 0, epoch that the caller knows,
--       'awaited' where somebody waits until it is stored, else '';
--       how many channels; of each: name, messages kept, persisted (1 or 0), and where the caller asked the store: offset, status, output (1 or 0),
--       else '', '', '';
--       how many entries; of each: index of its channel, source id or '', verdict of the store ('new', 'taken' or ''), flags, status or '',
--       ids of outbox rows or '', how many bodies, the bodies.
--       Flags: r, it repeats what was streamed; o, it is output; f, it goes with the entry before it.
--
-- Answers: {'closed'}: nobody has opened an epoch yet, or this one had to end.
--          {'epoch', epoch}: the caller knows another one.
--          {'needs', indexes of channels, indexes of entries}, both with blanks between them: the store has to be asked. Nothing was done.
--          {'done', offsets}: of each entry the offset of its last body; 0 or negative, the head: not taken, because it is there already.

local PENDING = 'dash:pending'
local IDS_KEPT = 4096
local MIN_KEPT = 16
local WINDOW_BYTES = 4194304
local ACTIVE_KEPT = 100000
-- More would not fit on the stack.
local MESSAGES_TOGETHER = 1000
local RESULT_SECONDS = 86400

local at = 0
local function take()
  at = at + 1
  return ARGV[at]
end

local instance, call, answered, known, awaited = take(), tonumber(take()), tonumber(take()), take(), take()
local result_key = 'dash:r:' .. instance
local done = redis.call('HMGET', result_key, 'call', 'offsets')
local newest = tonumber(done[1]) or 0
if newest >= call then
  return {'done', done[2]}
end

local epoch = redis.call('GET', 'dash:epoch')
if not epoch then
  return {'closed'}
end
if epoch ~= known then
  return {'epoch', epoch}
end
if newest < answered then
  -- These data are older than what the caller has seen: offsets would be given twice.
  redis.call('DEL', 'dash:epoch', 'dash:writer')
  return {'closed'}
end

-- First only look.

local channels, needs_seed, needs_check = {}, {}, {}
for index = 1, tonumber(take()) do
  local c = {name = take(), kept = tonumber(take()), persisted = take() == '1'}
  local seed, status, output = take(), take(), take()
  local held = redis.call('HMGET', 'dash:c:' .. c.name, 'epoch', 'offset', 'stored', 'complete', 'output', 'idle', 'status')
  if held[1] == epoch then
    c.offset, c.stored = tonumber(held[2]), tonumber(held[3])
    c.complete, c.output, c.idle, c.status = held[4] == '1', held[5] == '1', held[6] == '1', held[7]
  elseif seed ~= '' or not c.persisted then
    c.offset = tonumber(seed) or 0
    c.stored, c.complete, c.output, c.status = c.offset, c.offset == 0, output == '1', status
    c.fresh = true
  else
    needs_seed[#needs_seed + 1] = index
  end
  channels[index] = c
end

local entries = {}
for index = 1, tonumber(take()) do
  local e = {channel = channels[tonumber(take())], id = take(), verdict = take(), flags = take(), status = take(), outbox = take()}
  e.count = tonumber(take())
  e.first = at + 1
  at = at + e.count
  entries[index] = e
  local c = e.channel
  if e.id ~= '' and e.verdict == '' and c.offset and not c.complete
    and (c.fresh or not redis.call('ZSCORE', 'dash:i:' .. c.name, e.id)) then
    needs_check[#needs_check + 1] = index
  end
end

if #needs_seed + #needs_check > 0 then
  return {'needs', table.concat(needs_seed, ' '), table.concat(needs_check, ' ')}
end

-- From here on it is done.

for _, c in ipairs(channels) do
  if c.fresh then
    redis.call('DEL', 'dash:c:' .. c.name, 'dash:i:' .. c.name, 'dash:w:' .. c.name)
  elseif c.idle then
    redis.call('PERSIST', 'dash:c:' .. c.name)
    redis.call('PERSIST', 'dash:i:' .. c.name)
    redis.call('PERSIST', 'dash:w:' .. c.name)
  end
end

local endings = {}
local offsets = {}
local previous_taken = false

local function version(status)
  return tonumber(string.match(status or '', '^%d+')) or -1
end

local function append(e)
  local c = e.channel
  if not c.bodies then
    c.first, c.bodies, c.lengths, c.marks = c.offset + 1, {}, {}, {}
  end
  for i = e.first, e.first + e.count - 1 do
    local body = ARGV[i]
    c.offset = c.offset + 1
    local oldest = c.offset - math.min(c.kept, math.max(MIN_KEPT, math.floor(WINDOW_BYTES / #body)))
    if c.persisted then
      oldest = math.min(oldest, c.stored)
    end
    redis.call('XADD', 'dash:w:' .. c.name, 'MINID', '~', math.max(0, oldest + 1), c.offset .. '-0', 'b', body)
    local place = #c.bodies + 1
    c.bodies[place], c.lengths[place] = body, #body
    -- The id stands on the first body; the outbox rows end with the last one.
    c.marks[place] = (i == e.first + e.count - 1 and e.outbox or '') .. ' ' .. (i == e.first and e.id or '')
  end
  c.touched = true
  c.output = c.output or string.find(e.flags, 'o', 1, true) ~= nil
  -- One that waited in the outbox may come after a newer one.
  if e.status ~= '' and version(e.status) > version(c.status) then
    c.status = e.status
  end
end

local function is_taken(e)
  local c = e.channel
  if e.verdict == 'taken' or (c.output and string.find(e.flags, 'r', 1, true)) then
    return true
  end
  if e.id == '' then
    return false
  end
  if redis.call('ZADD', 'dash:i:' .. c.name, 'NX', c.offset + e.count, e.id) == 0 then
    return true
  end
  c.ids = true
  return false
end

for index, e in ipairs(entries) do
  local c = e.channel
  if string.find(e.flags, 'f', 1, true) then
    if previous_taken then
      append(e)
    end
    offsets[index] = previous_taken and c.offset or -c.offset
  elseif e.count > 0 and not is_taken(e) then
    append(e)
    offsets[index] = c.offset
    previous_taken = true
  else
    if e.outbox ~= '' then
      endings[#endings + 1] = e.outbox .. ' '
    end
    offsets[index] = -c.offset
    previous_taken = false
  end
end

local now = redis.call('TIME')[1]
local pending = {}
for _, c in ipairs(channels) do
  if c.bodies then
    redis.call('PUBLISH', 'dash:ch:' .. c.name, table.concat({epoch, c.first, table.concat(c.lengths, ','), table.concat(c.bodies)}, ' '))
    if c.persisted then
      pending[#pending + 1] = {name = c.name, first = c.first, marks = c.marks, bodies = c.bodies}
    end
  end
  if c.ids then
    local ids = 'dash:i:' .. c.name
    if redis.call('ZCARD', ids) > IDS_KEPT
      and redis.call('ZREMRANGEBYSCORE', ids, '-inf', math.min(c.stored, c.offset - IDS_KEPT / 2)) > 0 then
      c.complete = false
    end
  end
  if c.touched or c.fresh then
    redis.call('HSET', 'dash:c:' .. c.name, 'epoch', epoch, 'offset', c.offset, 'stored', c.stored, 'complete', c.complete and 1 or 0,
      'output', c.output and 1 or 0, 'idle', 0)
    if c.status then
      redis.call('HSET', 'dash:c:' .. c.name, 'status', c.status)
    end
  elseif c.idle then
    redis.call('HSET', 'dash:c:' .. c.name, 'idle', 0)
  end
  if c.touched and c.persisted then
    redis.call('ZADD', 'dash:active', now, c.name)
  end
end
redis.call('ZREMRANGEBYRANK', 'dash:active', 0, -ACTIVE_KEPT - 1)

-- Outbox rows that end without a message go with a channel of no name. The writer tells that a call is stored by its last entry: one that appended nothing
-- has one too, as what is there already may wait to be stored.
if #endings > 0 or (#pending == 0 and #entries > 0) then
  pending[#pending + 1] = {name = '', first = 0, marks = endings, bodies = {}}
end
for i, p in ipairs(pending) do
  for from = 1, math.max(1, #p.marks), MESSAGES_TOGETHER do
    local last = math.min(from + MESSAGES_TOGETHER - 1, #p.marks)
    local fields = {'c', p.name, 'o', p.first + from - 1, 'r', i == #pending and last == #p.marks and instance .. ' ' .. call or ''}
    for place = from, last do
      fields[#fields + 1] = p.marks[place]
      fields[#fields + 1] = p.bodies[place] or ''
    end
    redis.call('XADD', PENDING, '*', unpack(fields))
  end
end
if #pending > 0 then
  redis.call('PUBLISH', PENDING, awaited)
end

local text = table.concat(offsets, ' ')
redis.call('HSET', result_key, 'call', call, 'offsets', text)
redis.call('EXPIRE', result_key, RESULT_SECONDS)
return {'done', text}
