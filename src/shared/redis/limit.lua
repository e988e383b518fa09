-- KEYS: who is limited. ARGV: time, interval, room. Answers the time to wait, 0 for none.
local key, now = KEYS[1], time(ARGV[1])
local held = redis.pcall('GET', key)
if type(held) == 'table' then held = nil end
local full, wait = take(tonumber(held or '') or 0, now, tonumber(ARGV[2]), tonumber(ARGV[3]))
-- A full bucket need not be remembered.
if full then redis.call('SET', key, digits(full), 'PX', math.max(1, math.ceil((full - now) / 1000))) end
return wait
