-- KEYS: session. ARGV: time, sealed, age, seconds since seen, since active (all microseconds), absolute, kept idle,
-- kept inactive. Answers the time.
local key, now = KEYS[1], time(ARGV[1])
local held = redis.pcall('HMGET', key, 'ended', 'seen', 'active')
if held.err then
  redis.call('DEL', key)
  held = {}
end
-- Ended a moment ago, perhaps while the one who restores it was reading: it stays ended.
if held[1] then return now end
local created, seen, active = now - tonumber(ARGV[3]), now - tonumber(ARGV[4]), now - tonumber(ARGV[5])
-- What another pod knows may be newer, but nothing is newer than now.
seen = math.max(seen, math.min(now, tonumber(held[2] or '') or seen))
active = math.max(active, math.min(now, tonumber(held[3] or '') or active))
local left = math.min(created + tonumber(ARGV[6]), seen + tonumber(ARGV[7]), active + tonumber(ARGV[8])) - now
if left <= 0 then return now end
redis.call('HSET', key, 'sealed', ARGV[2], 'created', digits(created), 'seen', digits(seen), 'active', digits(active))
redis.call('PEXPIRE', key, math.ceil(left / 1000))
return now
