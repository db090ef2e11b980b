#!/usr/bin/env python3
"""Measures the channels of `heliograph serve` with centload, beside gorilla's broadcast, interleaved, and writes a table.

    channels.py --server heliograph --centload centload --wsload wsload --gorilla gorilla-ws --out results.jsonl [--reps 3] [--time 3]
    channels.py --table results.jsonl

The server runs with one thread on core 0, the generator on core 1; each cell has a fresh server.
"""
import argparse
import json
import os
import shlex
import statistics
import subprocess
import sys
import time

import matrix

GORILLA = "gorilla F1"
FANOUT = "fanout --subs 1000 --size 128"
# name: (what centload is told, the figure, what it is)
CELLS = {
    "one": (FANOUT + " --window 1 --channel bench:a", "deliveries_s", "one publication outstanding"),
    "one, Protobuf": (FANOUT + " --window 1 --channel bench:a --proto protobuf", "deliveries_s", "the same in Protobuf"),
    "one, recoverable": (FANOUT + " --window 1 --channel recover:a --recover", "deliveries_s", "the same with history, recovery and presence"),
    "sixteen": (FANOUT + " --window 16 --channel bench:a", "deliveries_s", "sixteen outstanding"),
    "sixteen, recoverable": (FANOUT + " --window 16 --channel recover:a --recover", "deliveries_s", "the same with history, recovery and presence"),
    "10,000": ("fanout --subs 10000 --size 128 --window 1 --channel bench:a", "deliveries_s", "10,000 subscribers, one outstanding"),
    "channels": ("fanout --subs 10000 --channels 1000 --size 128 --window 64 --channel recover:c --recover", "deliveries_s",
                 "1,000 channels of 10 subscribers, with history, recovery and presence"),
    "paced": (FANOUT + " --rate 50 --channel bench:a", "p99_us", "50 publications a second to 1,000, 99th percentile, µs"),
    "memory": ("idle --subs 10000 --hold 3 --channel bench:a", "bytes_per_conn", "bytes a connected and subscribed session"),
    "recovery": ("recover --channel recover:r --missed 300 --trials 300", "first_byte_p99_us", "first byte of a recovery of 300, 99th percentile, µs"),
    "storm": ("storm --subs 10000 --channels 100 --missed 10 --channel recover:s --inflight 512", "secs",
              "10,000 sessions cut at once, all back and recovered, s"),
}


def start(command, port, env=None):
    process = subprocess.Popen(["taskset", "-c", "0"] + command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env)
    for _ in range(200):
        if matrix.listening(port):
            return process
        time.sleep(0.05)
    process.kill()
    raise SystemExit("did not start: " + " ".join(command))


def run(name, options):
    """One cell: what the generator said."""
    if name == GORILLA:
        server = start([options.gorilla, "28203"], 28203, dict(os.environ, GOMAXPROCS="1"))
        command = [options.wsload, "fanout", "--conns", "1000", "--size", "128", "--window", "4", "--port", "28203", "--path", "/broadcast"]
    else:
        server = start([options.server, "serve", "--host", "127.0.0.1", "--port", "28204", "--threads", "1", "--log-level", "error"], 28204)
        command = [options.centload] + shlex.split(CELLS[name][0]) + ["--port", "28204"]
    try:
        if "fanout" in command:
            command += ["--time", str(options.time)]
        quiet = matrix.wait_quiet(options.quiet_wait)
        boost = ["nice", "-n", "-20"] if options.boost else []
        if options.boost:
            matrix.renice(server.pid, -20)
        before = matrix.cpu()
        done = subprocess.run(boost + ["taskset", "-c", "1"] + command + ["--pid", str(server.pid)], capture_output=True, text=True, timeout=300)
        after = matrix.cpu()
        lines = done.stdout.strip().splitlines()
        if not lines:
            return {"error": done.stderr.strip()[-200:] or "exit %d" % done.returncode}
        result = json.loads(lines[-1])
        result["quiet"] = quiet
        result["busy"] = [round(100 * (b[0] - a[0]) / max(1, b[1] - a[1])) for a, b in zip(before, after)]
        if done.returncode or server.poll() is not None:
            result["error"] = "exit %d, server %s: %s" % (done.returncode, server.poll(), done.stderr.strip()[-200:])
        return result
    finally:
        server.kill()
        server.wait()


def measure(options):
    with open(options.out, "a") as out:
        for repetition in range(options.reps):
            for name in [GORILLA] + (options.only.split(";") if options.only else list(CELLS)):
                result = run(name, options)
                result.update(cell=name, rep=repetition)
                out.write(json.dumps(result) + "\n")
                out.flush()
                key = "deliv_s" if name == GORILLA else CELLS[name][1]
                print(repetition, name, result.get(key), "busy", result.get("busy"), result.get("error", ""), flush=True)


def median(rows, cell, key):
    found = [row[key] for row in rows if row["cell"] == cell and "error" not in row and key in row]
    return statistics.median(found) if found else None


def ratio(rows, cell, key, to, to_key):
    """The median of the ratios within one repetition."""
    base = {row["rep"]: row[to_key] for row in rows if row["cell"] == to and "error" not in row}
    found = [row[key] / base[row["rep"]] for row in rows if row["cell"] == cell and "error" not in row and base.get(row["rep"])]
    return statistics.median(found) if found else None


def verdicts(rows):
    """cell: (what is wanted, whether it is so, the figure)"""
    def to(cell, other, other_key="deliveries_s"):
        return ratio(rows, cell, "deliveries_s", other, other_key)

    wanted = {
        "one": ("≥ 1.2 × gorilla's F1", to("one", GORILLA, "deliv_s"), lambda x: x >= 1.2),
        "one, Protobuf": ("≥ 1.2 × gorilla's F1", to("one, Protobuf", GORILLA, "deliv_s"), lambda x: x >= 1.2),
        "one, recoverable": ("≥ 0.9 × without", to("one, recoverable", "one"), lambda x: x >= 0.9),
        "sixteen": ("≥ 8 × gorilla's F1", to("sixteen", GORILLA, "deliv_s"), lambda x: x >= 8),
        "sixteen, recoverable": ("≥ 0.9 × without", to("sixteen, recoverable", "sixteen"), lambda x: x >= 0.9),
        "10,000": ("≥ 0.85 × 1,000 subscribers", to("10,000", "one"), lambda x: x >= 0.85),
        "channels": ("≥ 200,000", median(rows, "channels", "deliveries_s"), lambda x: x >= 200_000),
        "paced": ("≤ 10,000", median(rows, "paced", "p99_us"), lambda x: x <= 10_000),
        "memory": ("≤ 8,192", median(rows, "memory", "bytes_per_conn"), lambda x: x <= 8_192),
        "recovery": ("≤ 2,000", median(rows, "recovery", "first_byte_p99_us"), lambda x: x <= 2_000),
        "storm": ("≤ 10", median(rows, "storm", "secs"), lambda x: x <= 10),
    }
    return {cell: (text, value, value is not None and holds(value)) for cell, (text, value, holds) in wanted.items()}


def table(path):
    rows = [json.loads(line) for line in open(path)]
    repetitions = len({row["rep"] for row in rows})
    print("gorilla's broadcast in the same run (F1 of [benchmarks.md](benchmarks.md)): {:,.0f} deliveries/s.\n".format(median(rows, GORILLA, "deliv_s") or 0))
    print("| | figure | ratio | wanted | (n=%d) |" % repetitions)
    print("|---|--:|--:|---|---|")
    checks = verdicts(rows)
    for cell, (_, key, what) in CELLS.items():
        value = median(rows, cell, key)
        if value is None:
            continue
        text, figure, holds = checks[cell]
        shown = "{:,.2f}".format(value) if value < 100 else "{:,.0f}".format(value)
        share = "%.2f" % figure if "×" in text else ""
        print("| %s | %s | %s | %s | %s |" % (what, shown, share, text, "yes" if holds else "**no**"))


def main():
    parser = argparse.ArgumentParser(formatter_class=argparse.RawDescriptionHelpFormatter, description=__doc__)
    for name in ("server", "centload", "wsload", "gorilla", "out", "table"):
        parser.add_argument("--" + name)
    parser.add_argument("--reps", type=int, default=3)
    parser.add_argument("--time", type=float, default=3)
    parser.add_argument("--only", help="cells, with ; between")
    parser.add_argument("--quiet-wait", type=float, default=60)
    parser.add_argument("--boost", action="store_true", help="run server and generator at nice -20")
    options = parser.parse_args()
    if options.table:
        return table(options.table)
    measure(options)


if __name__ == "__main__":
    sys.exit(main())
