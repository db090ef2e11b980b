#!/bin/bash
# SIGTERM to a server with connections and publications going on, and another that takes its port (Benchmarks/load/drain.py): nothing that was acknowledged before a client was
# closed is lost, and all of it takes at most 30 s.
#
#   dev/drain.sh                                              10,000 connections, the release build
#   CONFIGURATION=debug dev/drain.sh --clients 500 --rate 50  what dev/test.sh runs
set -uo pipefail
cd "$(dirname "$0")/.."
source dev/lib.sh
programs "${CONFIGURATION:-release}" heliograph
mkdir -p out/bench
# A descriptor each, here and there.
ulimit -n "$(ulimit -Hn)"
timeout -k 5 300 python3 Benchmarks/load/drain.py "$bin/heliograph" --out out/bench/drain.json "$@"
status=$?
[ $status -eq 0 ] && echo "1 passed, 0 failed" || echo "0 passed, 1 failed"
exit $status
