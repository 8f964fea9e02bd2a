#!/usr/bin/env bash
# Chat pass-through on one core, everything on (key check, metrics, usage, access log): the gateway on core 0, nginx
# as upstream and wrk on core 1. Prints requests/s, CPU per request, resident memory, and the time from start to the
# first answer. Needs Linux, nginx and wrk, and an environment made by `make run`.
# usage: bench/passthrough.sh [SECONDS] [CONNECTIONS]
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-8} connections=${2:-32} python=${PYTHON:-.venv/bin/python}
url=http://127.0.0.1:9510 log=$(mktemp)

# Measured is a start as every one but the first is: with the byte code at hand.
env -u PYTHONDONTWRITEBYTECODE "$python" -m compileall -q domain application adapters entrypoints

taskset -c 1 nginx -c "$PWD/bench/upstream.nginx.conf" 2>/dev/null & nginx=$!
gateway=
trap 'kill $gateway $nginx 2>/dev/null || true; wait' EXIT

started=$(date +%s%N)
taskset -c 0 "$python" -m entrypoints --config bench/gateway.yaml --bind 127.0.0.1:9510 >"$log" 2>&1 & gateway=$!
until taskset -c 1 curl -sf -o /dev/null "$url/v1/chat/completions" -H 'authorization: Bearer sk-bench' \
  -d '{"model":"gpt","messages":[{"role":"user","content":"hi"}]}'; do sleep 0.01; done
echo "start to first answer: $((($(date +%s%N) - started) / 1000000)) ms"

load() { taskset -c 1 wrk -t1 -c"$connections" -d"$1" --latency -s bench/chat.lua "$url/v1/chat/completions"; }
cpu_ticks() { awk '{print $14 + $15}' "/proc/$gateway/stat"; }
load 2 >/dev/null
before=$(cpu_ticks)
result=$(load "$seconds")
after=$(cpu_ticks)
grep -E 'Requests/sec|50%|99%|Non-2xx|Socket' <<<"$result" || true
awk -v t=$((after - before)) '/requests in/ {printf "CPU per request: %.0f µs\n", t * 10000 / $1}' <<<"$result"
awk '/VmRSS|VmHWM/ {printf "%s %.1f MB\n", $1, $2 / 1000}' "/proc/$gateway/status"
