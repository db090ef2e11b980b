#!/bin/bash
# Clients of the Centrifuge protocol that are not ours drive `heliograph serve`: PyPI `centrifuge-python`, JSON and Protobuf, against the demo's
# channels and against a server with tokens. The programs are in Conformance/sdk. Each part ends with "N passed, N failed".
set -uo pipefail
cd "$(dirname "$0")/.."
source dev/lib.sh
dev/tools.sh || exit 2
python=${HELIOGRAPH_VENV:-$HOME/.cache/heliograph-venv}/bin/python
programs debug heliograph
failed=0

part() { # NAME COMMAND...
    echo "== centrifuge-python, $1"
    shift
    timeout -k 5 300 "$python" "$@" >"$scratch/part.log" 2>&1
    cat "$scratch/part.log"
    tail -n 1 "$scratch/part.log" | grep -qE '^[1-9][0-9]* passed, 0 failed$' && return
    failed=1
    tail -n 1 "$scratch/part.log" | grep -qE ' passed, ' || echo "0 passed, 1 failed"
}

start "$scratch/serve.log" "$bin/heliograph" serve --host 127.0.0.1 --port '{port}'
for format in json protobuf; do
    part "$format" Conformance/sdk/python_sdk.py "ws://127.0.0.1:$port/connection/websocket" $format
done

secret=$(openssl rand -hex 32) key=$(openssl rand -hex 16)
cat >"$scratch/tokens.yaml" <<YAML
client:
  token: {hmac_secret_key: "$secret"}
  subscribe_to_user_personal_channel: {enabled: true, personal_channel_namespace: personal}
  expired_close_delay: 1s
  expired_sub_close_delay: 1s
channel:
  namespaces:
    - name: room
      history_size: 100
      history_ttl: 60s
      force_recovery: true
      presence: true
      allow_subscribe_for_client: true
      allow_presence_for_subscriber: true
      allow_tags_filter: true
    - name: personal
      allow_user_limited_channels: true
http_api: {key: "$key"}
YAML
start "$scratch/tokens.log" "$bin/heliograph" serve --host 127.0.0.1 --port '{port}' --config "$scratch/tokens.yaml"
for format in json protobuf; do
    part "tokens, $format" Conformance/sdk/python_tokens.py "ws://127.0.0.1:$port/connection/websocket" $format "http://127.0.0.1:$port/api" "$secret" "$key"
done
exit $failed
