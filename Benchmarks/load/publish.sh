#!/bin/bash
# Publications by HTTP per second: `heliograph serve` on one core, Debian's wrk on another, keep-alive. One by one, and in batches of 100.
#
#   Benchmarks/load/publish.sh [SECONDS] [CONNECTIONS]     default 10 and 32; the program is built with -c release first, or found in HELIOGRAPH_BIN
set -euo pipefail
cd "$(dirname "$0")/../.."
source dev/lib.sh
command -v wrk >/dev/null || { echo "apt-get install wrk" >&2; exit 2; }
seconds=${1:-10} connections=${2:-32}
programs release heliograph
key=$(openssl rand -hex 32)
cat >"$scratch/serve.yaml" <<YAML
client: {allow_anonymous: true}
channel: {without_namespace: {}}
http_api: {key: "$key"}
YAML
script() { # FACTOR BODY, as Lua
    cat <<LUA
wrk.method = "POST"
wrk.headers["X-API-Key"] = "$key"
wrk.headers["Content-Type"] = "application/json"
local command = '{"channel":"bench","data":{"text":"' .. string.rep("x", 64) .. '"}}'
wrk.body = $2
function done(summary)
  local errors = summary.errors
  io.write(string.format("%.0f publications per second, %d refused, %d lost\n", summary.requests / summary.duration * 1e6 * $1,
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
LUA
}
script 1 command >"$scratch/single.lua"
script 100 "'{\"commands\":[' .. string.rep('{\"publish\":' .. command .. '},', 99) .. '{\"publish\":' .. command .. '}]}'" >"$scratch/batch.lua"
start "$scratch/serve.log" taskset -c 0 "$bin/heliograph" serve --host 127.0.0.1 --port '{port}' --threads 1 --config "$scratch/serve.yaml"
curl -sf "http://127.0.0.1:$port/api/publish" -H "X-API-Key: $key" -d '{"channel":"bench","data":1}' >/dev/null
for mode in single batch; do
    printf '%-8s' "$mode"
    taskset -c 1 wrk -t 1 -c "$connections" -d "${seconds}s" -s "$scratch/$mode.lua" "http://127.0.0.1:$port/api/$([ $mode = batch ] && echo batch || echo publish)" | tail -n 1
done
