-- The time in microseconds: Redis's own, unless the caller brings one, which only the contract suite does.
local function time(brought)
  if brought ~= '' then return tonumber(brought) end
  local told = redis.call('TIME')
  return told[1] * 1000000 + told[2]
end
-- Lua's own way from number to text loses digits.
local function digits(number) return string.format('%.0f', number) end
