#!/bin/bash
# Builds the documentation of all library modules, with their links into each other, and fails on a warning. It is put into out/docs.
set -euo pipefail
cd "$(dirname "$0")/.."
targets=()
for module in WebSocketProtocol WebSocketDeflate WebSocketNIO WebSocketHummingbird WebSocketClient WebSocketTesting; do
    targets+=(--target "$module")
done
mkdir -p out
swift package --allow-writing-to-directory "$PWD/out/docs" generate-documentation "${targets[@]}" \
    --enable-experimental-combined-documentation --warnings-as-errors --output-path "$PWD/out/docs"
