#!/bin/bash
# Runs swift in a nested package, with the root's build folder: what the packages have in common (NIO, Hummingbird, ours) is compiled once.
#
#   dev/nested.sh Conformance build --product decoder
#   dev/nested.sh Examples/web-app test
#
# SwiftPM keeps one plan of the build per folder and would take that of one package for another's; so it is forgotten before and after.
set -uo pipefail
cd "$(dirname "$0")/.."
folder=$1 command=$2
shift 2
forget() { rm -f .build/*/{debug,release}/description.json .build/{debug,release}.yaml; }
trap forget EXIT
forget
swift "$command" --package-path "$folder" --scratch-path "$PWD/.build" --disable-build-manifest-caching "$@"
