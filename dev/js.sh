#!/bin/bash
# The browser client of live views as it is served: makes Clients/js/dist from the sources beside it.
#
#   dev/js.sh          writes the files
#   dev/js.sh check    prints what of the committed files is not what the sources give, or is too large
#
# What is made depends on the minifier, so it is one version of terser alone: the one of Debian 12.
set -euo pipefail
cd "$(dirname "$0")/../Clients/js"
# Node from elsewhere than Debian does not look there.
export NODE_PATH=/usr/share/nodejs${NODE_PATH:+:$NODE_PATH}
wanted=5.16.5
version=$(terser --version 2>/dev/null | awk '{ print $2 }') || true
[ "$version" = $wanted ] || { echo "dev/js.sh: terser $wanted is needed (dev/tools.sh), here is ${version:-none}"; exit 1; }

minify() { # FILE OPTION...: `let` is shorter where all variables are declared at once
    local file=$1
    shift
    sed -E 's/\bconst\b/let/g' "$file" | terser --ecma 2020 --toplevel "$@" -c passes=3,keep_fargs=false -m
}

made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
minify heliograph-live-extras.js --module >"$made/heliograph-live-extras.min.js"
# The core asks for the extras that it was made with, so that browsers may keep them for good.
hash=$(sha256sum "$made/heliograph-live-extras.min.js" | cut -c1-8 | tr 0-9 g-p)
minify heliograph-live.js | sed "s/-extras\.js/&?v=$hash/" >"$made/heliograph-live.min.js"
grep -q -- "-extras.js?v=$hash" "$made/heliograph-live.min.js"

if [ "${1:-}" != check ]; then
    mkdir -p dist
    cp "$made"/* dist/
fi
for file in "$made"/*; do
    cmp -s "$file" "dist/${file##*/}" || echo "Clients/js/dist/${file##*/} is not what the source gives: dev/js.sh"
done
size() { gzip -9 <"$1" | wc -c; }
for file in "$made"/*; do
    row="| \`${file##*/}\` | $(wc -c <"$file") | $(size "$file") |"
    grep -qF "$row" README.md || echo "Clients/js/README.md does not say: $row"
done
core=$(size "$made/heliograph-live.min.js")
both=$((core + $(size "$made/heliograph-live-extras.min.js")))
[ "$core" -le 6144 ] || echo "heliograph-live.min.js: $core bytes by gzip -9, 6144 are allowed"
[ "$both" -le 10752 ] || echo "heliograph-live.min.js with its extras: $both bytes by gzip -9, 10752 are allowed"
[ "${1:-}" = check ] || echo "gzip -9: $core bytes, with extras $both"
