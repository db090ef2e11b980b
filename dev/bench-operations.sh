#!/bin/bash
# Measures what an operator asks first: how large the program is, how soon it listens, what it takes when nobody is there; and the drain (dev/drain.sh).
# Writes Docs/benchmarks-operations.md.
#
#   dev/bench-operations.sh                    the release build, 10,000 connections: on a machine that has nothing else to do
#   CONFIGURATION=debug CLIENTS=500 OUT=/dev/stdout dev/bench-operations.sh       whether it works
set -euo pipefail
cd "$(dirname "$0")/.."
source dev/lib.sh
configuration=${CONFIGURATION:-release} out=${OUT:-Docs/benchmarks-operations.md}
programs "$configuration" heliograph
export HELIOGRAPH_BIN=$bin
mkdir -p out/bench
cp "$bin/heliograph" "$scratch/stripped"
strip "$scratch/stripped"
python3 Benchmarks/load/atrest.py "$bin/heliograph" "$scratch/stripped" >out/bench/atrest.json
status=0
CONFIGURATION=$configuration dev/drain.sh --clients "${CLIENTS:-10000}" >&2 || status=$?
{
    python3 Benchmarks/load/atrest.py --page out/bench/atrest.json out/bench/drain.json
    cat <<MD
## The commands

\`\`\`sh
dev/bench-operations.sh     # this page
dev/drain.sh                # the drain alone
\`\`\`

Written by \`dev/bench-operations.sh\` on $(date -u +%Y-%m-%d), commit $(git rev-parse --short HEAD), $configuration build, on $(nproc) cores of $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), Linux $(uname -r | cut -d. -f1-2).
MD
} >"$out"
exit $status
