#!/bin/bash
# Autobahn's fuzzer against our server (/echo of `heliograph serve`) and our client (Conformance, autobahn-client).
#
#   dev/conformance.sh               all 517 cases: server, server over TLS, client (release build, about half an hour)
#   dev/conformance.sh short         without the long ones: 247 cases, and one of each kind of 12 and 13 (debug build, 1 to 2 minutes)
#   dev/conformance.sh [short] server|wss|client...
#
# Reports are in out/autobahn. Each part ends with a line "autobahn: N cases, OK a, …". CONFIGURATION=debug|release overrides the build.
set -uo pipefail
cd "$(dirname "$0")/.."
source dev/lib.sh
root=$PWD
cases=() configuration=release parts=(server wss client)
if [ "${1:-}" = short ]; then
    shift
    cases=(1 2 3 4 5 6 7 10 12.1.1 12.1.11 12.2.5 12.3.7 12.4.3 12.5.9 13.1.2 13.2.3 13.3.4 13.4.5 13.5.6 13.6.7 13.7.8)
    configuration=debug parts=(server client)
fi
configuration=${CONFIGURATION:-$configuration}
[ $# -gt 0 ] && parts=("$@")
# A shared machine is slow now and then; this costs time only where a peer hangs.
export AUTOBAHN_TIME_SCALE=${AUTOBAHN_TIME_SCALE:-4}
export AUTOBAHN_VENV=${AUTOBAHN_VENV:-$HOME/.cache/heliograph-autobahn}

Conformance/autobahn/setup.sh || exit 2
programs "$configuration" heliograph Conformance/autobahn-client
reports=$root/out/autobahn
mkdir -p "$reports"
status=0
for part in "${parts[@]}"; do
    echo "== $part"
    case $part in
    server)
        start "$scratch/server.log" "$bin/heliograph" serve --host 127.0.0.1 --port '{port}'
        Conformance/autobahn/run-server-cases.sh "ws://127.0.0.1:$port/echo" "$reports/server" "${cases[@]}" || status=1
        ;;
    wss)
        certificate
        start "$scratch/wss.log" "$bin/heliograph" serve --host 127.0.0.1 --port '{port}' --tls-cert "$cert" --tls-key "$key"
        Conformance/autobahn/run-server-cases.sh "wss://127.0.0.1:$port/echo" "$reports/wss" "${cases[@]}" || status=1
        ;;
    client)
        port=$(free_port)
        Conformance/autobahn/run-client-cases.sh "$port" "$reports/client" "${cases[@]}" -- "$bin/autobahn-client" "ws://127.0.0.1:$port" || status=1
        ;;
    *)
        echo "conformance.sh: no part '$part'" >&2
        exit 2
        ;;
    esac
done
exit $status
