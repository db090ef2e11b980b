#!/bin/bash
# Measures what a backend asks of `heliograph serve`: publications by HTTP, tokens, revoking, the start; writes Docs/benchmarks-server.md. Needs Debian's wrk and binutils.
#
#   dev/bench-server.sh            3 repetitions: about three minutes, on a machine that has nothing else to do
#   dev/bench-server.sh table      the page again, from out/bench/server.jsonl
#
# Environment: REPS, ARGS (more for server.py, e.g. --scale 10). It needs 11,000 descriptors for each of the two processes.
set -euo pipefail
cd "$(dirname "$0")/.."
out=$PWD/out/bench/server.jsonl
mkdir -p "${out%/*}"
if [ "${1:-}" != table ]; then
    for tool in wrk strip; do command -v $tool >/dev/null || { echo "apt-get install wrk binutils" >&2; exit 2; }; done
    swift build -c release --product heliograph
    rm -f "$out"
    # shellcheck disable=SC2086
    python3 Benchmarks/load/server.py "$(swift build -c release --show-bin-path)/heliograph" "$out" --reps "${REPS:-3}" ${ARGS:-}
fi
cpu=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)
{
    cat <<'MD'
# Benchmarks of the server beside a backend

`heliograph serve` with one thread on one core, what asks it on the other. Each cell has a fresh server.

MD
    python3 Benchmarks/load/server.py --table "$out"
    cat <<MD

A publication is \`{"channel":"bench","data":{"text":"…64 characters…"}}\` to a channel without subscribers, over 32 connections that are kept alive, with the key in a header; every answer was right. A token is checked as
a client's is that connects: form, algorithm, signature, claims. Revoked are 10,000 connections of one user that came with tokens.
At rest is a second after the start: half a second after it listens, the server gives back what it has mapped of the program and its libraries, as far as only the start needed it. That stays in
the system's cache of files, from which what is needed again comes back.

Where the time of one publication goes, by a profile: 59 % reading (in it 27 % our answer: JSON, hub and broker), 34 % the flush (\`write\` alone 31 %), 4 % \`read\`. A head that is the
connection's last one again, but for the length of the body, is not decoded once more, and whose key it has is not looked up: before that one cost 1.6 times as much.

## The command

\`\`\`sh
dev/bench-server.sh           # this page
\`\`\`

Written by \`dev/bench-server.sh\` on $(date -u +%Y-%m-%d), commit $(git rev-parse --short HEAD), on $(nproc) cores of $cpu, Linux $(uname -r | cut -d. -f1-2).
MD
} >Docs/benchmarks-server.md
cat Docs/benchmarks-server.md
