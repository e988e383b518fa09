-- KEYS: session. ARGV: time, active, idle, inactive, absolute, kept idle, kept inactive, interval, room.
-- Answers: {outcome, now, wait, seen, active, sealed}; outcomes: 0 fine, 1 unknown, 2 idle, 3 inactive, 4 absolute, 5 limited.
local key, now = KEYS[1], time(ARGV[1])
local held = redis.pcall('HMGET', key, 'sealed', 'created', 'seen', 'active', 'full')
if held.err then
  redis.call('DEL', key)
  return {1, now, 0, 0, 0, ''}
end
local created, seen, active = tonumber(held[2] or ''), tonumber(held[3] or ''), tonumber(held[4] or '')
if not (held[1] and created and seen and active) then return {1, now, 0, 0, 0, ''} end
local absolute = created + tonumber(ARGV[5])
if now >= absolute then return {4, now, 0, seen, active, ''} end
if now >= active + tonumber(ARGV[4]) then return {3, now, 0, seen, active, ''} end
if now >= seen + tonumber(ARGV[3]) then return {2, now, 0, seen, active, ''} end
-- Requests of one session race each other here: time must not run backwards. One over its limit still shows that
-- somebody is there.
seen = math.max(seen, now)
if ARGV[2] == '1' then active = math.max(active, now) end
local full, wait = take(tonumber(held[5] or '') or 0, now, tonumber(ARGV[8]), tonumber(ARGV[9]))
redis.call('HSET', key, 'seen', digits(seen), 'active', digits(active), 'full', full and digits(full) or held[5] or '0')
-- Known until the durable store, whose times lag, agrees that it is over.
local left = math.min(absolute, active + tonumber(ARGV[7]), seen + tonumber(ARGV[6])) - now
redis.call('PEXPIRE', key, math.ceil(left / 1000))
if not full then return {5, now, wait, seen, active, ''} end
return {0, now, 0, seen, active, held[1]}
