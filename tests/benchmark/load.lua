-- Sends the requests of a file, a line each: method, target, cookie, body (by tabs).
-- `wrk -s load.lua URL -- FILE`; prints a JSON object with what came of it.

local requests, position = {}, 0

function init(arguments)
  local headers = {}
  for line in io.lines(arguments[1]) do
    local method, target, cookie, body = line:match("^(%S+)\t(%S+)\t([^\t]*)\t(.*)$")
    headers = { ["Authorization"] = wrk.headers["Authorization"] }
    if cookie ~= "" then headers["Cookie"] = cookie end
    if body ~= "" then headers["Content-Type"] = "application/json" end
    requests[#requests + 1] =
      wrk.format(method, target, headers, body ~= "" and body or nil)
  end
end

function request()
  position = position % #requests + 1
  return requests[position]
end

function done(summary, latency)
  local failed = summary.errors
  io.write(string.format(
    '\n{"requests": %d, "microseconds": %d, "refused": %d, "broken": %d, "p50": %d, "p99": %d}\n',
    summary.requests, summary.duration, failed.status,
    failed.connect + failed.read + failed.write + failed.timeout,
    latency:percentile(50), latency:percentile(99)))
end
