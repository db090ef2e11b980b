#!/bin/bash
# The tests of Clients/js in plain node: units with a server and a clock of their own, the fallback transports against a stub, and all of it
# against our server; live views in Chromium, against a server that the tests play. HELIOGRAPH names another program than the debug build. The last line is "N passed, N failed".
set -uo pipefail
cd "$(dirname "$0")/.."
source dev/lib.sh
dev/tools.sh || exit 2
if [ -z "${HELIOGRAPH:-}" ]; then
    programs debug heliograph
    HELIOGRAPH=$bin/heliograph
fi
export HELIOGRAPH
log=$scratch/log
timeout -k 5 600 node --test --test-reporter=tap Clients/js/test/*.test.js >"$log" 2>&1
status=$?
grep -vE '^ *(---|\.\.\.|duration_ms: .*)$' "$log"
read -r passed failed < <(awk '$1 == "#" && $2 == "pass" { p = $3 } $1 == "#" && ($2 == "fail" || $2 == "cancelled") { f += $3 } END { print p + 0, f + 0 }' "$log")
[ $status -ne 0 ] && [ "$failed" -eq 0 ] && failed=1
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
