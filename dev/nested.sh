#!/bin/bash
# Runs swift in a nested package, with the root's build folder: what the packages have in common (NIO, Hummingbird, ours) is compiled once.
#
#   dev/nested.sh Conformance build --product decoder
#   dev/nested.sh Examples/web-app test
#   dev/nested.sh Benchmarks build -c release       with `swift build`'s folder; the others with that of dev/swift.sh
#
# SwiftPM keeps one plan of the build per folder and would take that of one package for another's; so it is forgotten before and after.
set -uo pipefail
cd "$(dirname "$0")/.."
folder=$1 command=$2
shift 2
swift=(dev/swift.sh "$command") scratch=.build-test
[[ " $* " == *" -c release "* ]] && swift=(swift "$command" --scratch-path "$PWD/.build") scratch=.build
forget() { rm -f $scratch/*/{debug,release}/description.json $scratch/{debug,release}.yaml; }
trap forget EXIT
forget
"${swift[@]}" --package-path "$folder" --disable-build-manifest-caching "$@"
