#!/usr/bin/env python3
"""What limits cost, and what they do in a storm: `heliograph serve` with them and without, one after the other in the same run.

    limits.py --server heliograph --centload centload --out results.jsonl [--reps 5] [--time 3] [--clients 10000]
    limits.py --table results.jsonl

The server runs with one thread on core 0, the generator on core 1; each cell has a fresh server. Every second repetition begins with the other of the two.
"""
import argparse
import json
import os
import shlex
import statistics
import subprocess
import sys
import tempfile

import channels
import matrix

PORT = 28207
BUCKETS = "{enabled: true, buckets: [{interval: 1s, rate: 10000000}, {interval: 60s, rate: 100000000}]}"
BYTES = "{enabled: true, buckets: [{interval: 1s, rate: 1000000000}]}"
SCOPE = "{enabled: true, total: %s, default: %s, publish: %s, bytes: %s}" % (BUCKETS, BUCKETS, BUCKETS, BYTES)
LIMITS = """  connection_limit: 100000
  connection_rate_limit: 1000000
  address_connection_limit: 100000
  address_connection_rate_limit: 1000000
  user_connection_limit: 100000
  subscription_limit: 1000000
  rate_limit:
    client_command: %s
    user_command: %s
    address_command: %s
    client_error: {enabled: true, total: {enabled: true, buckets: [{interval: 1s, rate: 1000}]}}
""" % (SCOPE, SCOPE, SCOPE)
OFF = "memory: {limit: 0}\nwatchdog: {threshold: 0s}\n"
CHANNELS = """channel:
  count_limit: %d
  namespaces:
    - {name: bench, allow_subscribe_for_anonymous: true, allow_publish_for_anonymous: true, allow_subscribe_for_client: true, allow_publish_for_client: true}
    - {name: recover, allow_subscribe_for_anonymous: true, allow_publish_for_anonymous: true, allow_subscribe_for_client: true, allow_publish_for_client: true,
       history_size: 1000, history_ttl: 300s, force_recovery: true}
"""
SECRET = "0123456789abcdef0123456789abcdef"
# name: (what centload is told, the figure, what it is)
CELLS = {
    "fan-out": ("fanout --subs 1000 --size 128 --window 1 --channel bench:a", "deliveries_s", "1,000 subscribers, one publication outstanding"),
    "fan-out of sixteen": ("fanout --subs 1000 --size 128 --window 16 --channel bench:a", "deliveries_s", "1,000 subscribers, sixteen outstanding"),
    # With more outstanding they are over the 50,000 a second that a connection may send in any case.
    "commands": ("fanout --subs 1 --size 128 --window 1 --channel bench:a", "deliveries_s",
                 "one subscriber, one outstanding: nothing but commands, so their whole cost"),
    "storm": ("storm --subs 10000 --channels 100 --missed 10 --channel recover:s --inflight 512", "secs",
              "10,000 sessions cut at once, all back and recovered, s"),
}
# What an unlucky configuration has, and none.
STORMS = {"usual": "", "tight": "  connect_concurrency: 4\n  connect_queue_size: 200\n  connect_queue_timeout: 1s\n  connection_rate_limit: 1000\n"}


def configuration(limited):
    text = "client:\n  allow_anonymous: true\n" + (LIMITS if limited else "") + CHANNELS % (1000000 if limited else 0)
    return text + ("" if limited else OFF)


def serve(server, text):
    file = tempfile.NamedTemporaryFile("w", suffix=".yaml", delete=False)
    file.write(text)
    file.close()
    process = channels.start([server, "serve", "--config", file.name, "--host", "127.0.0.1", "--port", str(PORT), "--threads", "1", "--log-level", "error"], PORT)
    os.unlink(file.name)
    return process


def cell(name, limited, options):
    server = serve(options.server, configuration(limited))
    try:
        command = [options.centload] + shlex.split(CELLS[name][0]) + ["--port", str(PORT), "--pid", str(server.pid)]
        if "fanout" in command:
            command += ["--time", str(options.time)]
        quiet = matrix.wait_quiet(options.quiet_wait)
        done = subprocess.run(["taskset", "-c", "1"] + command, capture_output=True, text=True, timeout=300)
        lines = done.stdout.strip().splitlines()
        if not lines or done.returncode:
            return {"error": (done.stderr.strip() or done.stdout.strip())[-200:]}
        return dict(json.loads(lines[-1]), quiet=quiet)
    finally:
        server.kill()
        server.wait()


def storm(kind, options):
    text = "client:\n  token: {hmac_secret_key: %s}\n%s" % (SECRET, STORMS[kind]) + CHANNELS % 0
    server = serve(options.server, text)
    try:
        here = os.path.dirname(os.path.abspath(__file__))
        command = ["taskset", "-c", "1", sys.executable, here + "/storm.py", str(PORT), SECRET, str(server.pid), str(options.clients)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        if done.returncode:
            return {"error": done.stderr.strip()[-300:]}
        return json.loads(done.stdout)
    finally:
        server.kill()
        server.wait()


def measure(options):
    with open(options.out, "a") as out:
        def write(row):
            out.write(json.dumps(row) + "\n")
            out.flush()
            print(row, flush=True)

        for repetition in range(options.reps):
            for name in CELLS:
                for limited in [False, True] if repetition % 2 == 0 else [True, False]:
                    write(dict(cell(name, limited, options), cell=name, limited=limited, rep=repetition))
        for kind in STORMS:
            write(dict(storm(kind, options), cell="storm of " + kind, rep=0))


def table(path):
    rows = [json.loads(line) for line in open(path)]
    good = [row for row in rows if "error" not in row]
    print("| | without | with | ratio (n) | wanted | |")
    print("|---|--:|--:|--:|---|---|")
    for name, (_, key, what) in CELLS.items():
        pairs = {}
        for row in good:
            if row["cell"] == name:
                pairs.setdefault(row["rep"], {})[row["limited"]] = row[key]
        pairs = [pair for pair in pairs.values() if len(pair) == 2]
        if not pairs:
            continue
        without, limited = (statistics.median(pair[side] for pair in pairs) for side in (False, True))
        ratio = statistics.median(pair[True] / pair[False] for pair in pairs)
        wanted, holds = ("≥ 0.98", "yes" if ratio >= 0.98 else "**no**") if name.startswith("fan-out") else ("", "")
        show = (lambda value: "%.2f" % value) if key == "secs" else (lambda value: "{:,.0f}".format(value))
        print("| %s | %s | %s | %.3f (%d) | %s | %s |" % (what, show(without), show(limited), ratio, len(pairs), wanted, holds))
    print("\n| %s come back at once | usual | tight |\n|---|--:|--:|" % "Clients with tokens")
    storms = {row["cell"]: row for row in good if row["cell"].startswith("storm of")}
    lines = [("clients", "clients"), ("all back after, s", "secs"), ("the last first try to its answer, 99th percentile, s", "p99_s"),
             ("tries that were refused (503)", "refused"), ("connections ended with 3013", "busy"), ("recovered", "recovered"),
             ("server's memory at its most, MB", "peak_mb"), ("of it when all are back, MB", "after_mb")]
    for title, key in lines:
        values = ["{:,}".format(storms["storm of " + kind][key]) if "storm of " + kind in storms else "" for kind in STORMS]
        print("| %s | %s |" % (title, " | ".join(values)))


def main():
    parser = argparse.ArgumentParser(formatter_class=argparse.RawDescriptionHelpFormatter, description=__doc__)
    for name in ("server", "centload", "out", "table"):
        parser.add_argument("--" + name)
    parser.add_argument("--reps", type=int, default=5)
    parser.add_argument("--time", type=float, default=3)
    parser.add_argument("--clients", type=int, default=10000)
    parser.add_argument("--quiet-wait", type=float, default=60)
    options = parser.parse_args()
    if options.table:
        return table(options.table)
    measure(options)


if __name__ == "__main__":
    sys.exit(main())
