#!/bin/bash
# Instructions per operation of the engine, counted by valgrind: the same on a busy machine as on a quiet one. Compared with
# Benchmarks/Thresholds.txt; fails on an operation that costs over 5 % more. What costs over 5 % less is told, so that the file can follow.
#
#   dev/instructions.sh            compare
#   dev/instructions.sh update     write the file anew
set -euo pipefail
cd "$(dirname "$0")/.."
dev/nested.sh Benchmarks build -c release --product instructions >&2
program=$(mktemp)
trap 'rm -f "$program"' EXIT
# Valgrind does not read the debug information of a new Swift.
strip -o "$program" "$(swift build -c release --show-bin-path)/instructions"
python3 - "$program" Benchmarks/Thresholds.txt "${1:-compare}" <<'PY'
import concurrent.futures, os, re, subprocess, sys

program, file, mode = sys.argv[1:]


def count(number, times):
    """Instructions of the whole process."""
    said = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", program, str(number), str(times)],
                          capture_output=True, text=True).stderr
    return int(re.search(r"Collected : (\d+)", said).group(1))


def cost(number):
    """Of one operation: what it costs to do it 200 times more."""
    return (count(number, 250) - count(number, 50)) / 200


names = subprocess.run([program], capture_output=True, text=True, check=True).stdout.splitlines()
with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
    costs = dict(zip(names, pool.map(cost, range(len(names)))))
if mode == "update":
    with open(file, "w") as out:
        out.write("# Instructions per operation, release build, x86-64 Linux, Swift 6.3. Written by dev/instructions.sh update.\n")
        out.writelines("%9.0f  %s\n" % (costs[name], name) for name in names)
known = {}
for line in open(file):
    if not line.startswith("#"):
        number, name = line.split(None, 1)
        known[name.strip()] = float(number)
failed = 0
for name in names:
    ratio = costs[name] / known[name] if name in known else float("nan")
    verdict = "new" if name not in known else "SLOWER" if ratio > 1.05 else "faster" if ratio < 0.95 else ""
    failed += verdict in ("SLOWER", "new")
    print("%9.0f  %5.2f  %-6s  %s" % (costs[name], ratio, verdict, name))
print("%d passed, %d failed" % (len(names) - failed, failed))
sys.exit(failed > 0)
PY
