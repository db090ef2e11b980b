#!/bin/bash
# Other people's WebSocket implementations: PyPI `websockets`, node's `ws` and Chromium talk to our server, our client talks to their servers;
# plain, TLS and compressed. The programs are in Conformance/peers and Conformance/Sources/interop-client. Each part ends with "N passed, N failed".
set -uo pipefail
cd "$(dirname "$0")/.."
source dev/lib.sh
dev/tools.sh || exit 2
python=${HELIOGRAPH_VENV:-$HOME/.cache/heliograph-venv}/bin/python
peers=Conformance/peers
programs debug heliograph Conformance/interop-client
certificate
failed=0

part() { # TITLE COMMAND...: its last line says how it went
    echo "== $1"
    shift
    timeout -k 5 180 "$@" >"$scratch/part.log" 2>&1
    cat "$scratch/part.log"
    tail -n 1 "$scratch/part.log" | grep -qE '^[1-9][0-9]* passed, 0 failed$' && return
    failed=1
    tail -n 1 "$scratch/part.log" | grep -qE ' passed, ' || echo "0 passed, 1 failed"
}

start "$scratch/plain.log" "$bin/heliograph" serve --host 127.0.0.1 --port '{port}'
plain=$port
start "$scratch/tls.log" "$bin/heliograph" serve --host 127.0.0.1 --port '{port}' --tls-cert "$cert" --tls-key "$key"
tls=$port
for client in "$python $peers/python_client.py" "node $peers/node_client.js"; do
    name=$(basename "${client##* }")
    part "$name to our server, plain" $client "ws://127.0.0.1:$plain/echo"
    part "$name to our server, compressed" $client "ws://127.0.0.1:$plain/echo" --compressed
    part "$name to our server, TLS and compressed" $client "wss://localhost:$tls/echo" --ca "$cert" --compressed
done
part "Chromium to our server, plain" "$python" $peers/chromium_client.py "http://127.0.0.1:$plain"
part "Chromium to our server, TLS" "$python" $peers/chromium_client.py "https://127.0.0.1:$tls"

for server in "$python $peers/python_server.py" "node $peers/node_server.js"; do
    name=$(basename "${server##* }")
    start "$scratch/$name.log" $server '{port}'
    part "our client to $name, plain" "$bin/interop-client" "ws://127.0.0.1:$port"
    start "$scratch/$name.log" $server '{port}' --compressed
    part "our client to $name, compressed" "$bin/interop-client" "ws://127.0.0.1:$port" --compressed
    start "$scratch/$name.log" $server '{port}' --tls "$cert" "$key" --compressed
    part "our client to $name, TLS and compressed" "$bin/interop-client" "wss://localhost:$port" --ca "$cert" --compressed
done
exit $failed
