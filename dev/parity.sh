#!/bin/bash
# Whether Docs/parity.md is true as far as that can be read: every test and script that it names is there, what is done has one, and no method of the HTTP API and no option of a
# channel is missing. And whether the tests that Docs/live-parity.md names are where it says. The last line is "N passed, N failed": one for each row.
set -uo pipefail
cd "$(dirname "$0")/.."
python3 - <<'PY'
import pathlib, re, sys

page = pathlib.Path("Docs/parity.md").read_text()
tests = "\n".join(path.read_text() for path in pathlib.Path("Tests").rglob("*.swift"))
marks = {"**done**", "**free**", "**more**", "later", "no"}
passed, failed = 0, 0


def check(problems, row):
    global passed, failed
    if problems:
        failed += 1
        print(f"not ok: {row}\n    " + "\n    ".join(problems))
    else:
        passed += 1


def missing(cell):
    return [f"there is no {path}" for path in re.findall(r"`((?:dev|deploy|Tests)/[^`]+)`", cell) if not pathlib.Path(path).exists()]


sections = re.split(r"^## ", page, flags=re.M)[1:]
for section in sections:
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split(" | ")]
        if not line.startswith("| ") or not re.match(r"\| (?!There|#)", line):
            continue
        mark = next((cell for cell in cells if cell in marks), None)
        last = cells[-1]
        problems = [] if mark else ["it has no mark"]
        problems += [f"there is no test {name}" for name in re.findall(r'"([^"]+)"', last) if f'"{name}"' not in tests]
        problems += missing(last)
        problems += [f"there is no {path}" for path in re.findall(r"\]\(([\w-]+\.md)\)", line) if not pathlib.Path("Docs", path).exists()]
        if mark and mark.startswith("**") and not section.startswith("2.12") and not re.search(r'"[^"]+"|`(?:dev|deploy)/|\]\(', last):
            problems.append("it is there, and no test shows it")
        check(problems, line[:100])


def named(beginning):
    section = next(section for section in sections if section.startswith(beginning))
    return set(re.findall(r"`(\w+)`", section))


server = pathlib.Path("Sources/HeliographServer")
methods = set(re.findall(r'APIMethod\(\s*"(\w+)"', (server / "Realtime/API/ServerAPI+Methods.swift").read_text()))
check([f"{name} is not in 2.7" for name in sorted(methods - named("2.7"))] if methods else ["there are no methods"], "methods of the HTTP API")
options = set()
for path in (server / "Settings").glob("Setting+*.swift"):
    for body in re.findall(r"func (?:channel|hook|event)Options\(.*?\n    }\n", path.read_text(), flags=re.S):
        options |= set(re.findall(r'setting\(\s*"(\w+)"', body))
check([f"{name} is not in 2.5" for name in sorted(options - named("2.5"))] if options else ["there are no options"], "options of channels")
elsewhere = pathlib.Path("Tests/HeliographServerTests/Realtime/ChannelOptionTests.swift").read_text().split("static let elsewhere")[1].split("\n    ]")[0]
for option, name in re.findall(r'"(\w+)": "([^"]+)"', elsewhere):
    check([] if f'"{name}"' in tests.replace(elsewhere, "") else [f"there is no test {name}"], f"where {option} is tried")

# Live views: `views: "…", "…"; page: "…"`, where the word says in which folder.
folders = {
    "js": "Clients/js/test/live-view-*.test.js", "page": "Tests/BrowserTests/Live*.swift", "views": "Tests/LiveViewsTests/**/*.swift",
    "html": "Tests/LiveHTMLTests/**/*.swift", "route": "Tests/RealtimeHummingbirdTests/**/Live*.swift"}
written = {word: "\n".join(path.read_text() for path in pathlib.Path().glob(pattern)) for word, pattern in folders.items()}
for line in pathlib.Path("Docs/live-parity.md").read_text().splitlines():
    if not re.match(r"\| [GL]\d", line):
        continue
    last = line.strip().strip("|").split(" | ")[-1].strip()
    # A name that is made of several begins so: `random changes of ${…}`.
    named_here = [(word, name) for word, names in re.findall(r'(\w+): ("[^"]+"(?:, "[^"]+")*)', last) for name in re.findall(r'"([^"]+)"', names)]
    problems = [f"there is no test {name} in {folders[word]}" for word, name in named_here if f'"{name}"' not in written[word] and f"`{name}" not in written[word]]
    problems += missing(last)
    if last != "–" and not named_here and "`" not in last:
        problems.append("it names no test in quotes")
    check(problems, line[:100])
print(f"{passed} passed, {failed} failed")
sys.exit(failed > 0)
PY
