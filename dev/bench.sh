#!/bin/bash
# Measures our server and others, interleaved, and writes the ratios to Docs/benchmarks.md.
#
#   dev/bench.sh                     all cells, 5 repetitions: about an hour, on a machine that has nothing else to do
#   REPS=3 TESTS=E1,E2 dev/bench.sh  fewer of both
#   dev/bench.sh table               the table again, from out/bench/matrix.jsonl
#
# Environment: REPS, TESTS (of E1 E2 E3 E4 F1 F2 M1 H1), TIME (seconds a cell), ONLY (peers, comma separated), ARGS (more for matrix.py, e.g. --boost).
# Servers run on core 0 with one thread, the generator on core 1; each cell has a fresh process. The peers are built by Benchmarks/load/setup-peers.sh.
set -euo pipefail
cd "$(dirname "$0")/.."
out=$PWD/out/bench
mkdir -p "$out"
export PEERS_DIR=${PEERS_DIR:-$HOME/.cache/heliograph-peers}
if [ "${1:-}" != table ]; then
    Benchmarks/load/setup-peers.sh
    swift build -c release --product heliograph
    ours=$(swift build -c release --show-bin-path)/heliograph
    dev/nested.sh Examples/quick-start build -c release --product Echo
    rm -f "$out/matrix.jsonl"
    # shellcheck disable=SC2086
    python3 Benchmarks/load/matrix.py --wsload "$PEERS_DIR/bin/wsload" --out "$out/matrix.jsonl" \
        --reps "${REPS:-5}" --tests "${TESTS:-E1,E2,E3,E4,F1,F2,M1,H1}" --time "${TIME:-3}" \
        --peers "$PEERS_DIR/peers.txt" ${ONLY:+--only "$ONLY"} ${ARGS:-} \
        --server "heliograph 28120 bpath=/broadcast epath=/echo -- $ours serve --host 127.0.0.1 --port 28120 --threads 1 --log-level error" \
        --server "heliograph-async 8080 bpath=- epath=/echo -- ${ours%/*}/Echo"
    python3 Benchmarks/load/compressed.py "$ours" "$out/compressed.jsonl" "${REPS:-5}"
fi
node=$(node --version) ws=$(node -p 'require("/usr/share/nodejs/ws/package.json").version')
go=$("$(find "$PEERS_DIR/venv" -type f -path '*bin/go' | head -n 1)" version | cut -d' ' -f3)
bun=$("$(find "$PEERS_DIR/venv" -type f -name bun | head -n 1)" --version)
cpu=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)
python3 Benchmarks/load/table.py "$out/matrix.jsonl" "$out/compressed.jsonl" >"$out/table.md"
{
    cat <<MD
# Benchmarks

Our server and others on the same machine in one run, interleaved: within a repetition every server is measured in every cell, each time in a fresh process, the
server with one thread on one core and the load generator on the other. The figures of a shared machine mean little; what counts is the ratio within a
repetition, of which the table has the median: above 1 we are better, also where less is better (F2, M1). A run that others disturbed is left out.

MD
    cat "$out/table.md"
    cat <<MD

E1 is an echo of 64 B text over 100 connections, one message in flight on each; E2 the same with 16 in flight; E3 16 KiB and E4 1 MiB of binary; F1 one
publisher to 1,000 subscribers, 128 B, as fast as it goes; F2 ten broadcasts a second, the 99th percentile of the delivery time; M1 what an idle connection costs; H1 whole
connections a second: TCP, upgrade, close.

## The commands

\`\`\`sh
dev/bench.sh                # this page; needs Debian's node-ws and golang-github-gorilla-websocket-dev, and PyPI for Go, Bun and picows
dev/instructions.sh         # instructions per operation of the engine, against Benchmarks/Thresholds.txt
swift package --package-path Benchmarks benchmark
\`\`\`

Our server: \`heliograph serve --threads 1 --log-level error\`, from \`swift build -c release\`. The peers: ws $ws on node $node, gorilla/websocket of Debian
on $go, Bun $bun (uWebSockets inside), picows; cepoll is a server in C without a framework, the floor.

Written by \`dev/bench.sh\` on $(date -u +%Y-%m-%d), commit $(git rev-parse --short HEAD), on $(nproc) cores of $cpu, Linux $(uname -r | cut -d. -f1-2).
MD
} >Docs/benchmarks.md
cat "$out/table.md"
