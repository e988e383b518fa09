-- KEYS: sessions of a person. ARGV: time, token, life in microseconds, the most that are listed.
local key, now, life = KEYS[1], time(ARGV[1]), tonumber(ARGV[3])
if redis.call('TYPE', key).ok ~= 'zset' then redis.call('DEL', key) end
redis.call('ZREMRANGEBYSCORE', key, '-inf', digits(now))
redis.call('ZADD', key, digits(now + life), ARGV[2])
redis.call('ZREMRANGEBYRANK', key, 0, -1 - tonumber(ARGV[4]))
redis.call('PEXPIRE', key, math.ceil(life / 1000))
return 1
