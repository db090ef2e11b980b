#!/bin/bash
# THE test command: everything that must hold before a change goes in. Runs from a fresh clone; installs what it needs.
#
#   dev/test.sh              all steps; when all is built, in three lanes
#   dev/test.sh lint unit    these steps alone, one after the other (their names are in the tables at the end of this file)
#
# Logs are in out/test; a step's line comes at its end. The last line is "N passed, N failed": tests where a step counts them (Swift tests,
# Autobahn cases, peers), steps elsewhere.
set -uo pipefail
cd "$(dirname "$0")/.."
root=$PWD
logs=$root/out/test
mkdir -p "$logs"
results=$(mktemp)
trap 'rm -f "$results"' EXIT
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
    local name=$1 started=$SECONDS status good bad outcome
    shift
    "$@" >"$logs/$name.log" 2>&1
    status=$?
    read -r good bad <<<"$(counts "$logs/$name.log")"
    : "${good:=$((status == 0))}" "${bad:=0}"
    [ $status -ne 0 ] && [ "$bad" -eq 0 ] && bad=1
    [ $status -eq 0 ] && bad=0
    echo "$good $bad" >>"$results"
    outcome="ok ($good)"
    [ $status -eq 0 ] || outcome="FAILED ($bad), see out/test/$name.log"
    # Written at once: the lanes share the terminal.
    echo "$(
        printf '%-12s %5d s   %s\n' "$name" $((SECONDS - started)) "$outcome"
        [ $status -eq 0 ] || failures "$logs/$name.log" | sed 's/^/    /'
    )"
}

lane() { # STEP...: one after the other
    local line name command
    for line in "$@"; do
        read -r name command <<<"$line"
        [ ${#wanted[@]} -gt 0 ] && [[ " ${wanted[*]} " != *" $name "* ]] && continue
        # shellcheck disable=SC2086
        step "$name" $command
    done
}

# SwiftPM locks .build, so what runs beside a build takes the tests' program itself.
tests() { # PACKAGE OPTION...
    local program=.build-test/debug/$1PackageTests.xctest
    [ -d "$program" ] && program=$program/Contents/MacOS/$1PackageTests
    shift
    "$program" --testing-library swift-testing "$@"
}
# The pure ones side by side; the others have deadlines and share the cores with their peers, so one after the other. RealtimeHummingbirdTests
# mostly wait for pings: they are a step of their own beside these.
unit() {
    local pure='WebSocketProtocolTests|WebSocketDeflateTests|PubSubTests|RealtimeProtocolTests|LiveHTMLTests'
    tests heliograph --parallel --filter "$pure" &&
        tests heliograph --no-parallel --skip "$pure" --skip RealtimeHummingbirdTests --skip BrowserTests
}
streams() { tests heliograph --no-parallel --filter RealtimeHummingbirdTests; }
# Pictures of the pages are left in out/screenshots.
browser() { HELIOGRAPH_SCREENSHOTS=$root/out/screenshots tests heliograph --filter BrowserTests --skip ProxyTests; }
# The same pages through nginx, HAProxy and Caddy, as Docs/operations.md configures them.
proxies() { tests heliograph --filter ProxyTests; }
packages() {
    local folder
    for folder in Examples/quick-start Examples/web-app Benchmarks; do dev/nested.sh "$folder" build --build-tests || return; done
}
examples() { tests quick-start && tests web-app; }

build=(
    "tools      dev/tools.sh"
    "lint       dev/lint.sh"
    "imports    dev/imports.sh"
    "parity     dev/parity.sh"
    "build      dev/build.sh"
    "programs   dev/nested.sh Conformance build"
)
# These have deadlines, so they go before the other lanes.
timed=(
    "unit       unit"
    "browser    browser"
    "proxies    proxies"
    "peers      dev/interop.sh"
    "sdk        dev/sdk.sh"
    "client     dev/client-js.sh"
    "api        dev/api.sh 10"
    "autobahn   dev/conformance.sh short"
)
# These only compute: at the lowest priority they take what the others leave.
untimed=(
    "packages   packages"
    "docs       dev/docs.sh"
    "decoder    dev/differential.sh"
)
# These mostly wait.
waiting=(
    "streams    streams"
    "clock      dev/clock.sh"
)
# What "packages" built; and two minutes of cut connections, with as many publications as the machine can deliver, for which it has to be alone.
last=(
    "examples   examples"
    "recovery   env CONFIGURATION=debug dev/soak.sh 120"
    "drain      env CONFIGURATION=debug dev/drain.sh --clients 500 --rate 50"
)

wanted=("$@")
lane "${build[@]}"
if [ $# -eq 0 ]; then
    export HELIOGRAPH_BIN=$root/.build-test/debug
    (renice -n 19 $BASHPID >/dev/null && lane "${untimed[@]}") &
    lane "${waiting[@]}" &
    lane "${timed[@]}"
    wait
else
    lane "${timed[@]}" "${waiting[@]}" "${untimed[@]}"
fi
lane "${last[@]}"
printf 'took %d min %d s\n' $((SECONDS / 60)) $((SECONDS % 60))
read -r passed failed < <(awk '{ good += $1; bad += $2 } END { print good + 0, bad + 0 }' "$results")
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
