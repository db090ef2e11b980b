#!/bin/bash
# Connections to `heliograph serve` are cut at random while somebody publishes: is any publication lost, doubled or out of order without the client
# being told?
#
#   dev/soak.sh              200 clients, 1,000 publications a second, 10 minutes, half of them JSON and half Protobuf
#   dev/soak.sh SECONDS [OPTION...]     of recovery-soak, such as --clients 50; CONFIGURATION=debug|release (default) chooses the build
#
# First three short runs with a fault put in, each of which the checker must find. Ends with "N passed, N failed", of clients.
set -uo pipefail
cd "$(dirname "$0")/.."
source dev/lib.sh
seconds=${1:-600}
configuration=${CONFIGURATION:-release}
programs "$configuration" heliograph Conformance/recovery-soak
start "$scratch/serve.log" "$bin/heliograph" serve --host 127.0.0.1 --port '{port}' --log-level warning
failed=0
for fault in drop swap twice; do
    echo "== the checker, with a client whose publications $fault"
    "$bin/recovery-soak" "$port" --clients 20 --rate 500 --seconds 4 --channel "recover:$fault" --fault $fault >"$scratch/fault.log"
    cat "$scratch/fault.log" | sed '$d'
    [ "$(tail -n 1 "$scratch/fault.log")" = "19 passed, 1 failed" ] && echo "found, and nothing else" && continue
    failed=1
    echo "0 passed, 1 failed"
done
for format in json protobuf; do
    echo "== $format"
    timeout -k 5 $((seconds / 2 + 120)) "$bin/recovery-soak" "$port" --seconds $((seconds / 2)) --channel "recover:$format" \
        "${@:2}" $([ $format = protobuf ] && echo --protobuf) >"$scratch/soak.log"
    cat "$scratch/soak.log"
    tail -n 1 "$scratch/soak.log" | grep -qE '^[1-9][0-9]* passed, 0 failed$' && continue
    failed=1
    tail -n 1 "$scratch/soak.log" | grep -qE ' passed, ' || echo "0 passed, 1 failed"
done
exit $failed
