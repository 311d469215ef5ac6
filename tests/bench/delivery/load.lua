-- Sends the requests of a file in turn, for tests/bench/delivery/load.py. Its arguments: the file, with requests parted
-- by a byte of zero; what stands for a number in them; the first number; milliseconds to wait between two of a
-- connection. It says on standard error that it has begun, and in the end what it saw, as one line of JSON.

local requests = {}
local turn, number = 0, 0

local function parts_of(text, mark)
  local parts, from = {}, 1
  while true do
    local first, last = text:find(mark, from, true)
    if not first then break end
    parts[#parts + 1] = text:sub(from, first - 1)
    from = last + 1
  end
  parts[#parts + 1] = text:sub(from)
  return parts
end

function init(arguments)
  local file = assert(io.open(arguments[1], "rb"))
  for text in (file:read("*a") .. "\0"):gmatch("(%Z+)%z") do
    requests[#requests + 1] = parts_of(text, arguments[2])
  end
  file:close()
  number = tonumber(arguments[3])
  local pause = tonumber(arguments[4])
  if pause > 0 then
    function delay() return math.random(pause / 2, pause * 3 / 2) end
  end
  io.stderr:write("begun\n")
end

function request()
  turn = turn % #requests + 1
  number = number + 1
  local parts = requests[turn]
  return #parts == 1 and parts[1] or table.concat(parts, string.format("%010d", number))
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"microseconds":%d,"p50":%d,"p99":%d,' ..
    '"errors":{"connect":%d,"read":%d,"write":%d,"status":%d,"timeout":%d}}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.connect, errors.read, errors.write, errors.status, errors.timeout
  ))
end
