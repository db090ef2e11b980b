#!/bin/bash
# The HTTP API of `heliograph serve` against its own OpenAPI document, by PyPI `schemathesis`: calls of every right and wrong shape, answers as described, with
# errors as statuses and with errors in envelopes. Ends with "N passed, N failed": one for each mode.
#
#   dev/api.sh [CALLS]    of each method and mode, beside those that cover the schema's corners; default 50
set -uo pipefail
cd "$(dirname "$0")/.."
source dev/lib.sh
dev/tools.sh || exit 2
st=${HELIOGRAPH_VENV:-$HOME/.cache/heliograph-venv}/bin/st
programs debug heliograph
calls=${1:-50}
key=$(openssl rand -hex 32)
passed=0 failed=0

configuration() {
    cat <<YAML
client: {allow_anonymous: true}
channel:
  without_namespace:
    {presence: true, history_size: 10, history_ttl: 60s, allow_subscribe_for_client: true}
http_api: {key: "$key"}
YAML
}

run() { # MODE OPTION...
    local mode=$1
    shift
    configuration >"$scratch/$mode.yaml"
    start "$scratch/$mode.log" "$bin/heliograph" serve --host 127.0.0.1 --port '{port}' --config "$scratch/$mode.yaml"
    echo "== errors as $mode"
    # Where errors have a status, 404 and 416 are right answers to calls of the right shape: a channel that there is not, a position that is gone.
    cat >"$scratch/schemathesis.toml" <<TOML
[checks]
positive_data_acceptance.expected-statuses = [200, 404, 416, 429]
negative_data_rejection.expected-statuses = [400, 401, 403, 404, 405, 413, 415, 416]
TOML
    # Where it runs, it keeps what it found.
    if (cd "$scratch" && timeout -k 5 300 "$st" --config-file "$scratch/schemathesis.toml" run "http://127.0.0.1:$port/api/openapi.json" \
        --header "X-API-Key: $key" --max-examples "$calls" --phases examples,coverage,fuzzing --seed 1 --warnings off \
        --suppress-health-check all "$@"); then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        tail -n 20 "$scratch/$mode.log"
    fi
    kill -0 "$pid" 2>/dev/null || { echo "the server is gone"; tail -n 40 "$scratch/$mode.log"; failed=$((failed + 1)); }
}

run transport --header "X-Centrifugo-Error-Mode: transport"
# In an envelope, an error is no status.
run envelope --exclude-checks negative_data_rejection
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
