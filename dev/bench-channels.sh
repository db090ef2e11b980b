#!/bin/bash
# Measures channels (fan-out, recovery, memory, a storm of reconnects) beside gorilla's broadcast, and what the demos cost; writes
# Docs/benchmarks-channels.md.
#
#   dev/bench-channels.sh            3 repetitions: about fifteen minutes, on a machine that has nothing else to do
#   REPS=5 ARGS=--boost dev/bench-channels.sh
#   dev/bench-channels.sh table      the page again, from out/bench/channels.jsonl and demos.jsonl
set -euo pipefail
cd "$(dirname "$0")/.."
out=$PWD/out/bench/channels.jsonl demos=$PWD/out/bench/demos.jsonl
mkdir -p "${out%/*}"
export PEERS_DIR=${PEERS_DIR:-$HOME/.cache/heliograph-peers}
if [ "${1:-}" != table ]; then
    Benchmarks/load/setup-peers.sh
    dev/tools.sh
    swift build -c release --product heliograph
    ours=$(swift build -c release --show-bin-path)/heliograph
    rm -f "$out"
    # shellcheck disable=SC2086
    python3 Benchmarks/load/channels.py --server "$ours" --centload "$PEERS_DIR/bin/centload" \
        --wsload "$PEERS_DIR/bin/wsload" --gorilla "$PEERS_DIR/bin/gorilla-ws" --out "$out" --reps "${REPS:-3}" --time "${TIME:-3}" ${ARGS:-}
    "${HELIOGRAPH_VENV:-$HOME/.cache/heliograph-venv}/bin/python" Benchmarks/load/demos.py "$ours" "$demos" "${REPS:-3}"
fi
cpu=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)
{
    cat <<'MD'
# Benchmarks of channels

`heliograph serve` with one thread on one core, a load generator that speaks the protocol (`Benchmarks/load/centload.c`) on the other, in JSON unless it says otherwise;
each cell in a fresh process, gorilla's broadcast in each repetition beside them. A ratio is the median of those within one repetition.

MD
    python3 Benchmarks/load/channels.py --table "$out"
    cat <<MD

The namespace \`bench\` has publications alone; \`recover\` has a history of 1,000 publications, forced recovery, presence, joins and leaves, deltas and filters
(\`DemoHub.swift\`). A delivery is one publication read by one subscriber, 128 B.

## The demos

MD
    python3 Benchmarks/load/demos.py --table "$demos"
    cat <<MD

Visitors are programs that subscribe, say and read what the pages do. All demos run in the one server, and what nobody looks at does nothing.

## The command

\`\`\`sh
dev/bench-channels.sh       # this page
\`\`\`

Written by \`dev/bench-channels.sh\` on $(date -u +%Y-%m-%d), commit $(git rev-parse --short HEAD), on $(nproc) cores of $cpu, Linux $(uname -r | cut -d. -f1-2).
MD
} >Docs/benchmarks-channels.md
cat Docs/benchmarks-channels.md
