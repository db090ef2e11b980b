#!/bin/bash
# THE test command: everything that must hold before a change goes in. Runs from a fresh clone; installs what it needs.
#
#   dev/test.sh              all steps
#   dev/test.sh lint unit    these steps alone (their names are in the table at the end of this file)
#
# Logs are in out/test. The last line is "N passed, N failed": tests where a step counts them (Swift tests, Autobahn cases, peers), steps elsewhere.
set -uo pipefail
cd "$(dirname "$0")/.."
root=$PWD
logs=$root/out/test
mkdir -p "$logs"
passed=0 failed=0 began=$SECONDS
export SWIFT_BACKTRACE=enable=no

# What a log says about its tests: "passed failed", or nothing.
counts() {
    sed -nE -e 's/^.*Test run with ([0-9]+) tests? .*passed after.*$/\1 0/p' \
        -e 's/^.*Test run with ([0-9]+) tests? .*failed after.* with ([0-9]+) issues?.*$/\1 \2/p' \
        -e 's/^autobahn: ([0-9]+) cases, .*UNIMPLEMENTED ([0-9]+), FAILED ([0-9]+)$/\1 \2 \3/p' \
        -e 's/^([0-9]+) passed, ([0-9]+) failed$/\1 \2/p' "$1" |
        awk 'NF == 3 { bad = $2 + $3; good = $1 - bad } NF == 2 { good = $1; bad = $2 } { g += good; b += bad; n++ }
             END { if (n) print g, b }'
}

# What a log says about what went wrong: the tests' own words with what follows them, or its end.
failures() {
    grep -nE -A 12 'recorded an issue|: error:|^(not ok|FAILED)' "$1" | head -n 120 || true
    tail -n 25 "$1"
}

step() { # NAME COMMAND...
    local name=$1 started=$SECONDS status good bad
    shift
    printf '%-12s ' "$name"
    "$@" >"$logs/$name.log" 2>&1
    status=$?
    read -r good bad <<<"$(counts "$logs/$name.log")"
    : "${good:=$((status == 0))}" "${bad:=0}"
    [ $status -ne 0 ] && [ "$bad" -eq 0 ] && bad=1
    [ $status -eq 0 ] && bad=0
    passed=$((passed + good)) failed=$((failed + bad))
    printf '%5d s   %s\n' $((SECONDS - started)) "$([ $status -eq 0 ] && echo "ok ($good)" || echo "FAILED ($bad), see out/test/$name.log")"
    [ $status -eq 0 ] || failures "$logs/$name.log" | sed 's/^/    /'
}

# The pure ones side by side; the others have deadlines and share the cores with their peers, so one after the other.
unit() {
    dev/swift.sh test --skip-build --parallel --filter 'WebSocketProtocolTests|WebSocketDeflateTests|PubSubTests' &&
        dev/swift.sh test --skip-build --no-parallel --skip BrowserTests --skip WebSocketProtocolTests --skip WebSocketDeflateTests --skip PubSubTests
}
# Pictures of the pages are left in out/screenshots.
browser() { HELIOGRAPH_SCREENSHOTS=$root/out/screenshots dev/swift.sh test --skip-build --filter BrowserTests; }
examples() { dev/nested.sh Examples/quick-start test && dev/nested.sh Examples/web-app test; }
packages() { dev/nested.sh Conformance build && dev/nested.sh Benchmarks build; }
steps=(
    "tools      dev/tools.sh"
    "lint       dev/lint.sh"
    "imports    dev/imports.sh"
    "build      dev/build.sh"
    "unit       unit"
    "browser    browser"
    "packages   packages"
    "peers      dev/interop.sh"
    "sdk        dev/sdk.sh"
    "recovery   env CONFIGURATION=debug dev/soak.sh 120"
    "client     dev/client-js.sh"
    "decoder    dev/differential.sh"
    "autobahn   dev/conformance.sh short"
    "docs       dev/docs.sh"
    "examples   examples"
)
for line in "${steps[@]}"; do
    read -r name command <<<"$line"
    [ $# -gt 0 ] && [[ " $* " != *" $name "* ]] && continue
    # shellcheck disable=SC2086
    step "$name" $command
done
printf 'took %d min %d s\n' $(((SECONDS - began) / 60)) $(((SECONDS - began) % 60))
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
