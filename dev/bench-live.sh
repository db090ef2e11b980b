#!/bin/bash
# Measures live views: latency, memory, ten thousand clocks and watchers, render and diff; writes Docs/benchmarks-live.md.
#
#   dev/bench-live.sh            3 repetitions: about ten minutes, on a machine that has nothing else to do
#   dev/bench-live.sh table      the page again, from out/bench/live.jsonl
#
# Environment: REPS, ARGS (more for live.py, e.g. --scale 10). It needs 11,000 descriptors for each of the two processes.
set -euo pipefail
cd "$(dirname "$0")/.."
out=$PWD/out/bench/live.jsonl
mkdir -p "${out%/*}"
if [ "${1:-}" != table ]; then
    swift build -c release --product heliograph
    dev/nested.sh Benchmarks build -c release --product instructions
    products=$(swift build -c release --show-bin-path)
    rm -f "$out"
    # shellcheck disable=SC2086
    python3 Benchmarks/load/live.py "$products/heliograph" "$out" --operations "$products/instructions" --reps "${REPS:-3}" ${ARGS:-}
fi
cpu=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)
{
    cat <<'MD'
# Benchmarks of live views

`heliograph serve` with one thread on one core; browsers that are bare sockets, so that their own time is in no figure, on the other. Each cell has a fresh server.

MD
    python3 Benchmarks/load/live.py --table "$out"
    cat <<MD

The peers give no figures for most of these. Phoenix LiveView: about 40 kB for a fresh process (its course notes), 7,274 B an update of a list of 300 without components; Blazor Server: about 250 kB
a circuit. A view that 10,000 people watch is rendered 10,000 times by each of them.

## Bytes per update

What the transport gets for one change, in JSON, without the frame's header. The tests \`LiveViewsTests/SizesTests\` and \`LiveHTMLTests/SizesTests\` hold ours; the others follow their sources, as
their wire formats are (LiveView 1.2, golive).

| Change | full HTML | golive | LiveView | allowed | Heliograph |
|---|--:|--:|--:|--:|--:|
| clock tick | 60 | 251 | 82 | 43 | 39 |
| counter click | 62 | 225 | 95 | 15 | 9 |
| 300-row list, one name | 28,487 | 362 | 129 | 34 | 27 |
| 300-row keyed list, insert at the head | 28,583 | > 100,000 | 2,940 (198 with a stream) | 51 | 43 |
| 300-row keyed list, reversed | 28,487 | – | 2,897 | 1,108 | 25 |
| todo: tick one box | – | 267 | 144 | 42 | 32 |
| 60 bars of two values | 3,482 | – | 2,446 | 1,793 | 1,707 |
| join after the first paint, 300 rows | – | – | 7,431 | 1,000 | 246 |

## The command

\`\`\`sh
dev/bench-live.sh           # this page
\`\`\`

Written by \`dev/bench-live.sh\` on $(date -u +%Y-%m-%d), commit $(git rev-parse --short HEAD), on $(nproc) cores of $cpu, Linux $(uname -r | cut -d. -f1-2).
MD
} >Docs/benchmarks-live.md
cat Docs/benchmarks-live.md
