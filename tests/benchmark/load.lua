-- Sends the requests of a file, a line each: method, target, cookie, body (by tabs).
-- `wrk -s load.lua URL -- FILE`; prints a JSON object with what came of it.

local requests, traced, position, number = {}, {}, 0, 0

-- With "traced" behind the file's name every request has the header by which the edge
-- says whether it is traced: one in ten is.
local function traceparent(flag)
  return "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-" .. flag
end

function init(arguments)
  for line in io.lines(arguments[1]) do
    local method, target, cookie, body = line:match("^(%S+)\t(%S+)\t([^\t]*)\t(.*)$")
    local headers = { ["Authorization"] = wrk.headers["Authorization"] }
    if cookie ~= "" then headers["Cookie"] = cookie end
    if body ~= "" then headers["Content-Type"] = "application/json" end
    local function format()
      return wrk.format(method, target, headers, body ~= "" and body or nil)
    end
    if arguments[2] then headers["traceparent"] = traceparent("00") end
    requests[#requests + 1] = format()
    if arguments[2] then headers["traceparent"] = traceparent("01") end
    traced[#traced + 1] = format()
  end
end

function request()
  position = position % #requests + 1
  number = number + 1
  return number % 10 == 0 and traced[position] or requests[position]
end

function done(summary, latency)
  local failed = summary.errors
  io.write(string.format(
    '\n{"requests": %d, "microseconds": %d, "refused": %d, "broken": %d, "p50": %d, "p99": %d}\n',
    summary.requests, summary.duration, failed.status,
    failed.connect + failed.read + failed.write + failed.timeout,
    latency:percentile(50), latency:percentile(99)))
end
