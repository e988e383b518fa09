-- The generic cell rate algorithm, as in src/shared/gcra.rs. `full_at` is the state of the key, 0 at first.
-- Returns the new state, or nil and the time to wait. Microseconds everywhere: below 2^53, so a double is exact.
local function take(full_at, now, interval, room)
  if full_at > now + room or full_at < now then full_at = now end
  local after = full_at + interval
  local wait = after - room - now
  if wait > 0 then return nil, wait end
  return after, 0
end
