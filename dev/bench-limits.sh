#!/bin/bash
# Measures what limits cost, on and off in the same run, and a storm of clients with tokens; writes Docs/benchmarks-limits.md.
#
#   dev/bench-limits.sh                        5 repetitions: about eight minutes, on a machine that has nothing else to do
#   REPS=1 TIME=1 CLIENTS=500 QUIET=0 OUT=/tmp/limits.md dev/bench-limits.sh   a look whether it works: half a minute
#   dev/bench-limits.sh table                  the page again, from out/bench/limits.jsonl
#
# Environment: REPS, TIME (seconds a cell), CLIENTS (of the storm; 11,000 descriptors for each of two processes), QUIET (seconds to wait for a quiet machine before a cell), OUT, SERVER (a release build; default: it is built).
set -euo pipefail
cd "$(dirname "$0")/.."
rows=$PWD/out/bench/limits.jsonl page=${OUT:-Docs/benchmarks-limits.md}
mkdir -p "${rows%/*}"
export PEERS_DIR=${PEERS_DIR:-$HOME/.cache/heliograph-peers}
if [ "${1:-}" != table ]; then
    [ -x "$PEERS_DIR/bin/centload" ] || Benchmarks/load/setup-peers.sh
    if [ -z "${SERVER:-}" ]; then
        swift build -c release --product heliograph
        SERVER=$(swift build -c release --show-bin-path)/heliograph
    fi
    ulimit -n "$(ulimit -Hn)" || true
    rm -f "$rows"
    python3 Benchmarks/load/limits.py --server "$SERVER" --centload "$PEERS_DIR/bin/centload" --out "$rows" --reps "${REPS:-5}" --time "${TIME:-3}" \
        --clients "${CLIENTS:-10000}" --quiet-wait "${QUIET:-60}"
fi
cpu=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)
{
    cat <<'MD'
# What limits cost

`heliograph serve` with one thread on one core, the load generator on the other; each cell in a fresh process, without and with limits in turn. With them are: rates of commands and
bytes of a connection, a user and an address (of two intervals each), of errors, of new connections; counts of connections, subscriptions and channels; memory and loops watched. All
are wide enough to refuse nothing. A ratio is the median of those within one repetition.

MD
    python3 Benchmarks/load/limits.py --table "$rows"
    cat <<MD

Publications on their way to subscribers meet no limit, so what a fan-out pays is for its publisher's commands. In the storm each client has a token of its own,
subscribes to one of a hundred channels and recovers ten publications; who is refused comes back with full jitter, 0.5 s to 20 s, as the protocol's clients do (the generator is Python, and
slower than the server). *Tight* is \`connect_concurrency: 4\`, \`connect_queue_size: 200\`, \`connect_queue_timeout: 1s\`, \`connection_rate_limit: 1000\`.

## The command

\`\`\`sh
dev/bench-limits.sh         # this page
\`\`\`

Written by \`dev/bench-limits.sh\` on $(date -u +%Y-%m-%d), commit $(git rev-parse --short HEAD), on $(nproc) cores of $cpu, Linux $(uname -r | cut -d. -f1-2).
MD
} >"$page"
cat "$page"
