#!/bin/bash
# What a reader would object to: format, words that must not be committed, README's code out of step. Prints file:line.
set -uo pipefail
cd "$(dirname "$0")/.."
failed=0

complain() { # TITLE COMMAND...: whatever the command prints is wrong
    local title=$1 found
    shift
    found=$("$@" 2>&1)
    [ -z "$found" ] && return
    printf '%s:\n%s\n' "$title" "$found"
    failed=1
}
swift_files() { git ls-files -z --cached --others --exclude-standard "${1:-*.swift}"; }
# Each pattern below has a bracket in it so that this file does not find itself.
look() { git grep -nE --untracked "$@"; }

format() { swift_files | xargs -0 swift format lint --strict --parallel; }
products() { git ls-files | grep -E '(^|/)(\.build[^/]*|Package\.resolved|node_modules|__pycache__)(/|$)'; }
# An unsafe promise has its proof in a comment on one of the four lines before it.
unproved() {
    swift_files 'Sources/*.swift' | xargs -0 awk '
        FNR == 1 { comment = -9 }
        /^[[:space:]]*\/\// { comment = FNR; next }
        /@unchecked Sendable|nonisolated\(unsafe\)/ && FNR - comment > 4 { print FILENAME ":" FNR ": " $0 }'
}
# The programs that README and Docs show are the ones that are compiled.
shown() {
    python3 - <<'PY'
import pathlib, re
text = pathlib.Path("README.md").read_text()
for file, block in re.findall(r"<!-- (Examples/\S+\.swift) -->\n```swift\n(.*?)```", text, re.S):
    path = pathlib.Path(file)
    if not path.exists():
        print(f"README.md shows {file}, which does not exist")
    elif path.read_text() != block:
        print(f"README.md shows {file} otherwise than it is")
compiled = "".join(path.read_text() for path in pathlib.Path("Examples/quick-start").glob("*/FromGo*/*.swift"))
for block in re.findall(r"```swift\n(.*?)```", pathlib.Path("Docs/from-go.md").read_text(), re.S):
    for piece in re.split(r"\n\n(?=\S)", block.strip("\n")):
        if piece not in compiled:
            print("Docs/from-go.md shows what Examples/quick-start does not have: " + piece.split("\n")[0])
PY
}

# The browser clients as they are served; heliograph-live.js is minified, and dev/js.sh has its limits.
size() {
    local bytes
    bytes=$(gzip -9 -c Clients/js/heliograph.js | wc -c)
    [ "$bytes" -le 8192 ] || echo "Clients/js/heliograph.js: $bytes bytes by gzip -9, 8192 are allowed"
    dev/js.sh check
}

complain "swift format" format
complain "unfinished work" look '[T]ODO|[F]IXME|[X]XX' -- '*.swift' '*.sh' '*.py' '*.js' '*.md'
complain "paths of one machine" look '(^|[^[:alnum:]_/.])/(wor[k]|opt/swift-pack[a]ges|roo[t])/|/[.]librar[y]' -- . ':!LICENSE'
complain "a trap in Sources" look '(^|[^[:alnum:]_])(try!|as! |fatal[E]rror\()' -- 'Sources/*.swift'
complain "a test that does not run" look '[X]CTSkip|\.disabl[e]d\(|withKnown[I]ssue' -- '*.swift'
complain "committed build products" products
complain "unsafe without a proof" unproved
complain "shown code" shown
complain "size of the clients" size

[ $failed -eq 0 ] && echo "lint: clean"
exit $failed
