#!/bin/bash
# Builds everything with its tests, and fails on a warning in our own code.
set -uo pipefail
cd "$(dirname "$0")/.."
log=$(mktemp)
trap 'rm -f "$log"' EXIT
dev/swift.sh build --build-tests 2>&1 | tee "$log"
[ "${PIPESTATUS[0]}" -eq 0 ] || exit 1
if grep -E "^$PWD/(Sources|Tests|Examples|Conformance|Benchmarks)/.*warning:" "$log" | sort -u | grep .; then
    echo "build: warnings in our own code"
    exit 1
fi
