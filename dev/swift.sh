#!/bin/bash
# swift as dev/test.sh uses it, in a folder of its own (.build-test) because the options differ from those of a plain `swift build`.
#
#   dev/swift.sh build --build-tests
#   dev/swift.sh test --filter RoomTests
#
# Whole modules, an index of our own code alone and no debug information: a build from nothing takes a third less.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
command=$1
shift
options=(--scratch-path "$root/.build-test" -debug-info-format none)
# The index cannot be left out: SwiftPM looks for tests in it.
for option in -disable-batch-mode -whole-module-optimization -num-threads 1 \
    -Xfrontend -index-ignore-clang-modules -Xfrontend -index-ignore-stdlib; do
    options+=(-Xswiftc "$option")
done
# NIOSSL and swift-crypto have BoringSSL each, 770 files together, and half of their time goes into the same headers of the standard library.
if [ "$(uname)" = Linux ]; then
    clang=$(dirname "$(command -v swift)")/clang
    headers=$root/.build-test/std.h
    wanted="// $("$clang" --version | head -n 1)
$(printf '#include <%s>\n' algorithm functional memory string string_view tuple type_traits utility vector)"
    if [ "$(cat "$headers" 2>/dev/null)" != "$wanted" ]; then
        mkdir -p "$root/.build-test"
        echo "$wanted" >"$headers"
        "$clang" -target "$(uname -m)-unknown-linux-gnu" -x c++-header -std=c++17 -O0 -fblocks -fPIC -fno-omit-frame-pointer "$headers" -o "$headers.pch"
    fi
    options+=(-Xcxx -include -Xcxx "$headers")
fi
exec swift "$command" "${options[@]}" "$@"
