#!/bin/bash
# Builds the documentation of all library modules and fails on a warning. It is put into out/docs.
# Links (two backticks) reach only symbols of the same module; and where one parameter is documented, all must be.
set -euo pipefail
cd "$(dirname "$0")/.."
targets=()
for module in WebSocketProtocol WebSocketDeflate WebSocketNIO WebSocketHummingbird WebSocketClient WebSocketTesting PubSub PubSubTesting RealtimeProtocol LiveHTML LiveViews RealtimeHub \
    RealtimeHummingbird RealtimeTesting RealtimeClient WebMiddleware BackendHooks; do
    targets+=(--target "$module")
done
mkdir -p out
dev/swift.sh package --allow-writing-to-directory "$PWD/out/docs" generate-documentation "${targets[@]}" \
    --enable-experimental-combined-documentation --warnings-as-errors --output-path "$PWD/out/docs"
