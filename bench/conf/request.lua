-- One request, again and again: wrk … -s request.lua URL -- BODY_FILE NAME:VALUE …; the outcome is one line of JSON.
function init(args)
  local file = assert(io.open(args[1], "rb"))
  wrk.method = "POST"
  wrk.body = file:read("*a")
  file:close()
  for place = 2, #args do
    local name, value = args[place]:match("^([^:]+):(.*)$")
    wrk.headers[name] = value
  end
end

function done(summary, latency)
  local failed = summary.errors
  io.write(string.format(
    '{"requests":%d,"seconds":%.6f,"failed":%d,"p50_us":%d,"p95_us":%d,"p99_us":%d}\n',
    summary.requests, summary.duration / 1e6,
    failed.connect + failed.read + failed.write + failed.status + failed.timeout,
    latency:percentile(50), latency:percentile(95), latency:percentile(99)))
end
