#!/bin/bash
# Clients of the Centrifuge protocol that are not ours drive `heliograph serve`: PyPI `centrifuge-python`, JSON and Protobuf. The programs are in
# Conformance/sdk. Each part ends with "N passed, N failed".
set -uo pipefail
cd "$(dirname "$0")/.."
source dev/lib.sh
dev/tools.sh || exit 2
python=${HELIOGRAPH_VENV:-$HOME/.cache/heliograph-venv}/bin/python
swift build --product heliograph || exit 2
bin=$(swift build --show-bin-path)
start "$scratch/serve.log" "$bin/heliograph" serve --host 127.0.0.1 --port '{port}'
failed=0
for format in json protobuf; do
    echo "== centrifuge-python, $format"
    timeout -k 5 300 "$python" Conformance/sdk/python_sdk.py "ws://127.0.0.1:$port/connection/websocket" $format >"$scratch/part.log" 2>&1
    cat "$scratch/part.log"
    tail -n 1 "$scratch/part.log" | grep -qE '^[1-9][0-9]* passed, 0 failed$' && continue
    failed=1
    tail -n 1 "$scratch/part.log" | grep -qE ' passed, ' || echo "0 passed, 1 failed"
done
exit $failed
