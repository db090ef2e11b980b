#!/bin/bash
# The tests under a sanitizer, but for those in a browser: dev/sanitize.sh [address|thread]... (default: both). Each has its own build folder.
# One after the other: a sanitizer makes everything several times slower, and many have deadlines.
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- address thread
export SWIFT_BACKTRACE=enable=no
# A leak that the process still holds at its end (NIO's singleton threads) is not what we look for.
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=0}
export TSAN_OPTIONS=${TSAN_OPTIONS:-halt_on_error=1}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
for sanitizer in "$@"; do
    echo "== $sanitizer"
    preload=
    if [ "$sanitizer" = thread ]; then
        "$(dirname "$(command -v swift)")/clang" -O1 -shared -fPIC -o "$scratch/tsan-mutex.so" dev/tsan-mutex.c -ldl
        preload=$scratch/tsan-mutex.so
    fi
    swift build --build-tests --sanitize="$sanitizer" --scratch-path ".build-$sanitizer"
    LD_PRELOAD=$preload swift test --skip-build --sanitize="$sanitizer" --scratch-path ".build-$sanitizer" --no-parallel --skip BrowserTests
done
