#!/usr/bin/env python3
"""What the server is when nobody is there: its size, how soon it listens, its memory.

    atrest.py HELIOGRAPH STRIPPED                prints JSON
    atrest.py --page ATREST.json DRAIN.json      prints Markdown
"""

import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time

STARTS = 15
CONFIGURATION = "client: {allow_anonymous: true}\nchannel: {without_namespace: {}}\nhttp_api: {key: 0123456789abcdef}\n"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(program, *options):
    """A server, and the milliseconds until it took a connection."""
    port = free_port()
    began = time.perf_counter()
    process = subprocess.Popen(
        [program, "serve", "--port", str(port), "--log-level", "warning", *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return process, (time.perf_counter() - began) * 1000
        except ConnectionRefusedError:
            time.sleep(0.0005)
    raise SystemExit("it did not start")


def stop(process):
    process.terminate()
    if process.wait(30) != 0:
        raise SystemExit(f"it ended with {process.returncode}")


def memory(process):
    """In kB: all that is in RAM, and what of it is this process's alone."""
    with open(f"/proc/{process.pid}/smaps_rollup") as file:
        figures = {name: int(value) for name, value in re.findall(r"^(\w+): +(\d+) kB", file.read(), re.M)}
    return figures["Rss"], figures["Pss"]


def measure(program, stripped):
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(CONFIGURATION)
        file.flush()
        configured = ["--config", file.name, "--set", "http_server.internal_port=0"]
        start_times = []
        for _ in range(STARTS):
            process, milliseconds = start(program, *configured)
            start_times.append(milliseconds)
            stop(process)
        figures = {
            "strippedBytes": os.path.getsize(stripped), "startMedian": statistics.median(start_times), "startMost": max(start_times),
            "starts": STARTS, "isStatic": "libswiftCore" not in subprocess.run(["ldd", program], capture_output=True, text=True).stdout,
        }
        for name, options in (("configured", configured), ("demo", [])):
            process, _ = start(program, *options)
            time.sleep(5)
            figures[f"{name}Rss"], figures[f"{name}Pss"] = memory(process)
            stop(process)
    return figures


def row(what, figure, wanted="", isGood=None):
    print(f"| {what} | {figure} | {wanted} | {'' if isGood is None else 'yes' if isGood else '**no**'} |")


def page(rest, drain):
    print("# Benchmarks of operations\n\n| | figure | wanted | |\n|---|--:|---|---|")
    size = rest["strippedBytes"] / 1e6
    runtime = "Swift's runtime in it" if rest["isStatic"] else "Swift's runtime beside it"
    row(f"the program, stripped, {runtime}, MB", f"{size:.1f}", "≤ 60", size <= 60)
    row(f"from the start to the first connection, median of {rest['starts']}, ms", f"{rest['startMedian']:.0f}", "≤ 200", rest["startMedian"] <= 200)
    row("the slowest of them, ms", f"{rest['startMost']:.0f}")
    row("memory at rest (RSS), two listeners, MB", f"{rest['configuredRss'] / 1e3:.1f}", "≤ 30", rest["configuredRss"] <= 30e3)
    row("of that its own (PSS), MB", f"{rest['configuredPss'] / 1e3:.1f}")
    row("memory at rest with the demos (RSS), MB", f"{rest['demoRss'] / 1e3:.1f}")
    print(f"""
## The drain

A server with {drain['clients']:,} clients in {drain['channels']} channels gets SIGTERM while somebody publishes; as soon as it lets go of its port another one takes it. A publication counts as lost
if the publisher had its answer before the server closed a client of that channel (the server's log says when), and that client has not got it.

| | figure | wanted | |
|---|--:|---|---|""")
    row("publications acknowledged, of those while it drained", f"{drain['published']:,}, {drain['publishedWhileDraining']:,}")
    row("lost", drain["lost"], "0", drain["lost"] == 0)
    row("out of order, doubled, or with a gap", drain["outOfOrder"], "0", drain["outOfOrder"] == 0)
    row("clients that were not closed with 3001", drain["notClosedWith3001"], "0", drain["notClosedWith3001"] == 0)
    row("`/health/ready` says no after, s", drain["unreadySeconds"])
    row("clients are closed from, to, s", f"{drain['firstCloseSeconds']}, {drain['lastCloseSeconds']}")
    row("the process has ended, s", drain["drainSeconds"], "≤ 30", drain["drainSeconds"] <= 30)
    row("clients that are back on the other server", f"{drain['back']:,}", f"{drain['clients']:,}", drain["back"] == drain["clients"])
    row("the last of them after, s", drain["allBackSeconds"])
    row("of them told that the history is another one", f"{drain['toldNotRecovered']:,}", f"{drain['clients']:,}", drain["toldNotRecovered"] == drain["clients"])
    print()


if sys.argv[1] == "--page":
    with open(sys.argv[2]) as rest, open(sys.argv[3]) as drain:
        page(json.load(rest), json.load(drain))
else:
    print(json.dumps(measure(sys.argv[1], sys.argv[2])))
