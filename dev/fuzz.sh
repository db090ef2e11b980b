#!/bin/bash
# Fuzzes what peers send, with libFuzzer and the Address Sanitizer: dev/fuzz.sh [SECONDS] [TARGET...]
# (default: 60 seconds each of handshake extensions inflate roundtrip frames json protobuf delta filter patches templates
# liveevents seals uploads middleware configuration hooks proxies). New inputs stay in out/fuzz/TARGET; what
# breaks a target is out/fuzz/TARGET-crash-…. Run a single input again with: dev/fuzz.sh again TARGET FILE. Keep the corpus small with: dev/fuzz.sh merge TARGET.
set -euo pipefail
cd "$(dirname "$0")/.."
all=(handshake extensions inflate roundtrip frames json protobuf delta filter patches templates liveevents seals uploads middleware configuration hooks proxies)
# Beyond these, an input is slow and nothing new.
declare -A longest=([handshake]=4096 [extensions]=1100 [inflate]=4096 [roundtrip]=2048 [frames]=1500 [json]=1500 [protobuf]=1000 [delta]=1500
    [filter]=800 [patches]=1000 [templates]=600
    [liveevents]=1500 [seals]=1000 [uploads]=1500 [middleware]=1500 [configuration]=2000 [hooks]=1500 [proxies]=600)
declare -A product=([handshake]=FuzzHandshake [extensions]=FuzzExtensions [inflate]=FuzzInflate [roundtrip]=FuzzRoundTrip [frames]=FuzzFrames
    [json]=FuzzJSON [protobuf]=FuzzProtobuf [delta]=FuzzDelta [filter]=FuzzFilter
    [patches]=FuzzPatches [templates]=FuzzTemplates
    [liveevents]=FuzzLiveEvents [seals]=FuzzSeals [uploads]=FuzzUploads [middleware]=FuzzMiddleware
    [configuration]=FuzzConfiguration [hooks]=FuzzHooks [proxies]=FuzzProxies)
# swift-backtrace can hang in a fuzzer. -sanitize-coverage must not be given: -sanitize=fuzzer brings its own.
export SWIFT_BACKTRACE=enable=no
scratch=$PWD/.build-fuzz

build() { # TARGET
    # A folder of its own: objects built without these flags cannot be linked with those that were.
    swift build --package-path Fuzz --scratch-path "$scratch" -c release --product "${product[$1]}" --sanitize fuzzer \
        -Xswiftc -sanitize=fuzzer,address -Xcc -fsanitize=address,fuzzer-no-link >out/fuzz/build.log 2>&1 || { tail -n 40 out/fuzz/build.log; exit 1; }
}

mode=60
if [[ "${1:-}" =~ ^([0-9]+|again|merge)$ ]]; then mode=$1; shift; fi
targets=("$@")
[ $# -gt 0 ] || targets=("${all[@]}")
mkdir -p out/fuzz
run() { # TARGET ARGUMENTS...
    local name=$1
    shift
    "$scratch/release/${product[$name]}" -artifact_prefix="out/fuzz/$name-" "$@"
}

case "$mode" in
again)
    build "$1"
    run "$1" "$2"
    ;;
merge)
    for name in "${targets[@]}"; do
        build "$name"
        mkdir -p "out/fuzz/$name"
        run "$name" -merge=1 "Fuzz/Corpus/$name" "out/fuzz/$name"
    done
    ;;
*)
    for name in "${targets[@]}"; do
        build "$name"
        mkdir -p "out/fuzz/$name"
        echo "== $name, $mode seconds"
        run "$name" -max_total_time="$mode" -max_len="${longest[$name]}" -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 -verbosity=1 \
            "out/fuzz/$name" "Fuzz/Corpus/$name" 2>"out/fuzz/$name.log" || { tail -n 60 "out/fuzz/$name.log"; exit 1; }
        grep -E '^stat::number_of_executed_units|^stat::average|cov: ' "out/fuzz/$name.log" | tail -n 3
    done
    ;;
esac
