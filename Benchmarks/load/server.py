#!/usr/bin/env python3
"""What `heliograph serve` takes from a backend, and how fast it lets go.

    server.py HELIOGRAPH OUT.jsonl [--reps N] [--only CELL,…] [--scale N] [--seconds N]
    server.py --table OUT.jsonl

The server runs with one thread on core 0, what asks it on core 1; each cell has a fresh server.

    publish   POST /api/publish over 32 connections that are kept alive, by Debian's wrk
    batch     the same in batches of 100
    tokens    HS256 tokens checked by one core: `heliograph token measure`
    revoke    10,000 connections of one user, and one call of `revoke`: the time until the last one is closed
    start     from the program's start to its first answer, what it has in memory a second later, and its size without symbols
"""

import argparse
import base64
import hashlib
import hmac
import json
import os
import pathlib
import re
import resource
import selectors
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

PORT = 28131
KEY = os.urandom(24).hex()
SECRET = os.urandom(32).hex()
CONNECTIONS = 10_000


class Server:
    """A fresh one, with its configuration."""

    def __init__(self, program, folder):
        file = pathlib.Path(folder, "heliograph.yaml")
        file.write_text(
            f'client: {{allow_anonymous: true, token: {{hmac_secret_key: "{SECRET}"}}}}\n'
            f'channel: {{without_namespace: {{}}}}\nhttp_api: {{key: "{KEY}"}}\n')
        command = ["taskset", "-c", "0", program, "serve", "--host", "127.0.0.1", "--port", str(PORT), "--threads", "1", "--config", file]
        self.started = time.monotonic()
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{PORT}/health").read()
                break
            except OSError:
                if self.process.poll() is not None or time.monotonic() - self.started > 20:
                    raise SystemExit("the server did not start") from None
                time.sleep(0.002)
        self.ready = time.monotonic() - self.started

    def cpu(self):
        """Seconds of CPU so far."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def call(self, method, body):
        request = urllib.request.Request(
            f"http://127.0.0.1:{PORT}/api/{method}", json.dumps(body).encode(), {"X-API-Key": KEY, "Content-Type": "application/json"})
        return json.load(urllib.request.urlopen(request))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


def wrk(program, folder, options, factor, path, body):
    script = pathlib.Path(folder, "publish.lua")
    script.write_text(f"""
wrk.method = "POST"
wrk.headers["X-API-Key"] = "{KEY}"
wrk.headers["Content-Type"] = "application/json"
wrk.body = [[{json.dumps(body)}]]
function done(summary)
  local errors = summary.errors
  io.write(string.format("%d %d %d\\n", summary.requests, summary.duration, errors.status + errors.connect + errors.read + errors.write + errors.timeout))
end
""")
    with Server(program, folder) as server:
        command = ["taskset", "-c", "1", "wrk", "-t", "1", "-c", "32", "-s", str(script), f"http://127.0.0.1:{PORT}/api/{path}"]
        subprocess.run([*command, "-d", "1s"], check=True, capture_output=True)
        before = server.cpu()
        output = subprocess.run([*command, "-d", f"{options.seconds}s"], check=True, capture_output=True, text=True).stdout
        cpu = server.cpu() - before
        requests, duration, errors = map(int, output.strip().splitlines()[-1].split())
        if errors:
            raise SystemExit(f"{errors} calls failed")
        offset = server.call("publish", {"channel": "bench", "data": 1})["result"]["offset"]
        assert offset == 0, "a channel without history"
        return {"rate": requests * factor / duration * 1e6, "cpu_us": cpu / (requests * factor) * 1e6}


COMMAND = {"channel": "bench", "data": {"text": "x" * 64}}


def publish(program, folder, options):
    return wrk(program, folder, options, 1, "publish", COMMAND)


def batch(program, folder, options):
    return wrk(program, folder, options, 100, "batch", {"commands": [{"publish": COMMAND}] * 100})


def tokens(program, folder, options):
    output = subprocess.run(
        ["taskset", "-c", "1", program, "token", "measure", "--for", f"{options.seconds}s"], check=True, capture_output=True, text=True).stdout
    return {"rate": float(re.search(r"([\d.]+) tokens a second", output)[1])}


def token(user):
    def encode(part):
        return base64.urlsafe_b64encode(part).rstrip(b"=")

    content = encode(b'{"alg":"HS256"}') + b"." + encode(json.dumps({"sub": user, "exp": int(time.time()) + 3600}).encode())
    return (content + b"." + encode(hmac.digest(SECRET.encode(), content, hashlib.sha256))).decode()


def revoke(program, folder, options):
    count = CONNECTIONS // options.scale
    connect = json.dumps({"id": 1, "connect": {"token": token("42")}}).encode()
    mask = os.urandom(4)
    head = bytes([0x81, 0x80 | 126]) + len(connect).to_bytes(2, "big") + mask
    frame = head + bytes(byte ^ mask[index % 4] for index, byte in enumerate(connect))
    opening = (
        f"GET /connection/websocket HTTP/1.1\r\nHost: 127.0.0.1:{PORT}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\n\r\n").encode()
    with Server(program, folder) as server:
        sockets = []
        for index in range(count):
            # 28,000 ports of one address are not enough for several runs in a row.
            connection = socket.create_connection(("127.0.0.1", PORT), source_address=(f"127.0.0.{2 + index % 8}", 0))
            connection.sendall(opening + frame)
            sockets.append(connection)
            if index % 64 == 63:
                for connection in sockets[-64:]:
                    wait(connection, b'"client"')
        for connection in sockets[count - count % 64:]:
            wait(connection, b'"client"')
        assert server.call("info", {})["result"]["nodes"][0]["num_clients"] == count
        selector = selectors.DefaultSelector()
        for connection in sockets:
            connection.setblocking(False)
            selector.register(connection, selectors.EVENT_READ)
        began = time.monotonic()
        server.call("revoke", {"user": "42"})
        answered = time.monotonic() - began
        left = count
        while left and time.monotonic() - began < 30:
            for key, _ in selector.select(1):
                data = key.fileobj.recv(65_536)
                # A close frame, perhaps behind a push; or the end.
                if not data or b"\x88" in data:
                    selector.unregister(key.fileobj)
                    left -= 1
        seconds = time.monotonic() - began
        for connection in sockets:
            connection.close()
        if left:
            raise SystemExit(f"{left} connections are still there")
        return {"connections": count, "answered": answered, "seconds": seconds}


def wait(connection, part):
    seen = b""
    while part not in seen:
        data = connection.recv(65_536)
        if not data:
            raise SystemExit(f"closed: {seen}")
        seen = seen[-64:] + data


def start(program, folder, options):
    with Server(program, folder) as server:
        ready = server.ready
        time.sleep(1)
        memory = int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{server.process.pid}/status").read_text())[1]) / 1024
    stripped = pathlib.Path(folder, "stripped")
    subprocess.run(["strip", "-o", stripped, program], check=True)
    return {"ms": ready * 1e3, "rss_mb": memory, "stripped_mb": stripped.stat().st_size / 2**20}


CELLS = {"publish": publish, "batch": batch, "tokens": tokens, "revoke": revoke, "start": start}
ROWS = [
    ("publications by HTTP a second, one at a time", "publish", "rate", 20_000, ">="),
    ("CPU of one, µs", "publish", "cpu_us", None, ""),
    ("in batches of 100", "batch", "rate", 100_000, ">="),
    ("CPU of one, µs", "batch", "cpu_us", None, ""),
    ("tokens checked a second by one core (HS256)", "tokens", "rate", 10_000, ">="),
    ("10,000 connections revoked, the last one closed after, s", "revoke", "seconds", 1, "<="),
    ("start to the first answer, ms", "start", "ms", 200, "<="),
    ("memory at rest (RSS), MB", "start", "rss_mb", 30, "<="),
    ("the program without symbols, MB", "start", "stripped_mb", 60, "<="),
]


def table(path):
    runs = [json.loads(line) for line in pathlib.Path(path).read_text().splitlines()]
    print("| | median | lowest to highest | wanted | |\n|---|--:|--:|--:|---|")
    for name, cell, field, wanted, sign in ROWS:
        values = [run[field] for run in runs if run["cell"] == cell]
        if not values:
            continue
        middle = statistics.median(values)
        digits = 0 if middle >= 100 else 2
        reached = "" if wanted is None else "yes" if (middle >= wanted if sign == ">=" else middle <= wanted) else "**no**"
        goal = "" if wanted is None else f"{'≥' if sign == '>=' else '≤'} {wanted:,}"
        print(f"| {name} | {middle:,.{digits}f} | {min(values):,.{digits}f} to {max(values):,.{digits}f} | {goal} | {reached} |")


def main():
    if sys.argv[1:2] == ["--table"]:
        return table(sys.argv[2])
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("out")
    parser.add_argument("--reps", type=int, default=3)
    parser.add_argument("--only", default=",".join(CELLS))
    parser.add_argument("--scale", type=int, default=1)
    parser.add_argument("--seconds", type=int, default=8)
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(12_000, resource.getrlimit(resource.RLIMIT_NOFILE)[1]),) * 2)
    os.sched_setaffinity(0, {1})
    with tempfile.TemporaryDirectory() as folder:
        for rep in range(options.reps):
            for name in options.only.split(","):
                result = {"cell": name, "rep": rep, **CELLS[name](os.path.abspath(options.program), folder, options)}
                print(result, flush=True)
                with open(options.out, "a") as out:
                    out.write(json.dumps(result) + "\n")


main()
