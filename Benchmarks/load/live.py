#!/usr/bin/env python3
"""What live views cost the server, with browsers that are bare sockets: their own time would be in every figure otherwise.

    live.py HELIOGRAPH OUT.jsonl [--operations PROGRAM] [--reps N] [--only CELL,…] [--scale N]
    live.py --table OUT.jsonl

The server runs with one thread on core 0, the browsers on core 1; each cell has a fresh server.

    latency     an event of one browser to the patch that shows it, 2,000 times, the server otherwise idle
    memory      what an idle counter costs on top of its socket, of 5,000 of each
    clocks      10,000 clocks at 1 Hz for 10 s: the server's CPU, and ticks that did not come
    watchers    10,000 watchers of one shared view that ticks ten times a second: renders, CPU, and changes that did not come
    render      render, diff and encode without a server: the product `instructions` of Benchmarks is asked to do it many times
"""

import argparse
import base64
import json
import os
import re
import select
import socket
import statistics
import subprocess
import sys
import time

PORT = 28124
HEADERS = "Host: 127.0.0.1\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0\r\nAccept-Language: en\r\n"


def page(path):
    """The seal, the hash and the cookie. A browser's sockets never are connections that had its pages."""
    with socket.create_connection(("127.0.0.1", PORT)) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\n{HEADERS}Connection: close\r\n\r\n".encode())
        answer = b""
        while data := connection.recv(65_536):
            answer += data
    head, body = answer.split(b"\r\n\r\n", 1)
    cookie = re.search(rb"(?i)set-cookie: ([^;\r]+)", head)[1].decode()
    return re.search(r'data-live="([^"]*)"', body.decode())[1], re.search(r'data-live-hash="([^"]*)"', body.decode())[1], cookie


class Browser:
    """Loads a page and joins its view, as a browser does; or has a socket of another path, which is the same but for the view."""

    def __init__(self, path, joins=True):
        seal, code, cookie = page(path if joins else "/live/counter")
        self.socket = socket.create_connection(("127.0.0.1", PORT))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.pending = b""
        key = base64.b64encode(os.urandom(16)).decode()
        where = path + "/_live" if joins else path
        extra = "Sec-WebSocket-Protocol: heliograph-live\r\n" if joins else ""
        self.socket.sendall(
            f"GET {where} HTTP/1.1\r\n{HEADERS}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n{extra}"
            f"Sec-WebSocket-Key: {key}\r\nCookie: {cookie}\r\nOrigin: http://127.0.0.1\r\n\r\n".encode())
        while b"\r\n\r\n" not in self.pending:
            self.read()
        head, self.pending = self.pending.split(b"\r\n\r\n", 1)
        if not head.startswith(b"HTTP/1.1 101"):
            raise SystemExit(f"{where}: {head.decode()}")
        if joins:
            self.send(json.dumps(["join", seal, code, []]))

    def read(self):
        data = self.socket.recv(65_536)
        if not data:
            raise SystemExit("the server has closed a connection")
        self.pending += data

    def send(self, text):
        data = text.encode()
        size = bytes([128 | len(data)]) if len(data) < 126 else bytes([128 | 126]) + len(data).to_bytes(2, "big")
        self.socket.sendall(b"\x81" + size + bytes(4) + data)

    def messages(self):
        """Those that are here as a whole. Pings are answered."""
        found = []
        while len(self.pending) >= 2:
            size, start = self.pending[1], 2
            if size == 126:
                size, start = int.from_bytes(self.pending[2:4], "big"), 4
            elif size == 127:
                size, start = int.from_bytes(self.pending[2:10], "big"), 10
            if len(self.pending) < start + size:
                break
            opcode, payload = self.pending[0] & 15, self.pending[start:start + size]
            self.pending = self.pending[start + size:]
            if opcode == 9:
                self.socket.sendall(bytes([0x8A, 128 | len(payload)]) + bytes(4) + payload)
            elif opcode == 8:
                raise SystemExit(f"the server closes a connection: {payload!r}")
            else:
                found.append(payload)
        return found

    def wait(self, wanted):
        while True:
            for message in self.messages():
                if wanted(message):
                    return
            self.read()

    def joined(self):
        self.wait(lambda message: message.startswith((b'["b"', b'["j"')))
        return self


def is_patch(message):
    return message.startswith(b'["p"') or message[1:2].isdigit()


class Server:
    def __init__(self, program):
        self.process = subprocess.Popen(
            ["taskset", "-c", "0", program, "serve", "--host", "127.0.0.1", "--port", str(PORT), "--threads", "1", "--log-level", "error"],
            stdout=subprocess.DEVNULL)
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", PORT)).close()
                return
            except OSError:
                time.sleep(0.05)
        raise SystemExit("the server does not answer")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()

    def cpu(self):
        fields = open(f"/proc/{self.process.pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def bytes(self):
        return int(re.search(r"Pss:\s+(\d+)", open(f"/proc/{self.process.pid}/smaps_rollup").read())[1]) * 1_024

    def metric(self, name):
        with socket.create_connection(("127.0.0.1", PORT)) as connection:
            connection.sendall(f"GET /metrics HTTP/1.1\r\n{HEADERS}Connection: close\r\n\r\n".encode())
            text = b""
            while data := connection.recv(65_536):
                text += data
        found = re.search(rf"^{name} (\d+)", text.decode(), re.M)
        return int(found[1]) if found else None


def latency(server, scale):
    browser = Browser("/live/counter").joined()
    times = []
    for number in range(1, 2_000 // scale + 1):
        # Nothing waits for the sixtieth of a second between two renders.
        time.sleep(0.02)
        start = time.perf_counter()
        browser.send(f'[{number},0,"up"]')
        browser.wait(is_patch)
        times.append((time.perf_counter() - start) * 1e6)
    times.sort()
    return {"p50_us": times[len(times) // 2], "p99_us": times[len(times) * 99 // 100], "max_us": times[-1]}


class Crowd:
    """Many who look at a page, and read what comes while others are still coming."""

    everyone = []
    # What has come is read together, every other second: one at a time is more than Python can do.
    last_read = 0.0

    def __init__(self, path, count, joins=True):
        self.everyone.append(self)
        self.poll, self.browsers = select.epoll(), {}
        for number in range(count):
            browser = Browser(path, joins)
            if joins:
                browser.joined()
            browser.messages()
            browser.socket.setblocking(False)
            self.browsers[browser.socket.fileno()] = browser
            self.poll.register(browser.socket, select.EPOLLIN)
            if time.monotonic() > Crowd.last_read + 2:
                for crowd in self.everyone:
                    crowd.read(0)
                Crowd.last_read = time.monotonic()

    def __len__(self):
        return len(self.browsers)

    def read(self, timeout, counts=None):
        for number, _ in self.poll.poll(timeout, max(1, len(self.browsers))):
            browser = self.browsers[number]
            browser.read()
            patches = sum(map(is_patch, browser.messages()))
            if counts is not None:
                counts[number] += patches

    def rest(self, seconds):
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            time.sleep(min(left, 0.5))
            self.read(0)

    def received(self, server, seconds):
        """The patches that come within a time to each, and what they cost the server."""
        self.read(0)
        counts = dict.fromkeys(self.browsers, 0)
        start, cpu = time.monotonic(), server.cpu()
        while (left := start + seconds - time.monotonic()) > 0:
            time.sleep(min(left, 0.5))
            self.read(0, counts)
        seconds, cpu = time.monotonic() - start, server.cpu() - cpu
        # What has come until then.
        self.read(0, counts)
        return list(counts.values()), cpu / seconds, seconds


def memory(server, scale):
    count = 5_000 // scale
    # What the first ones cost the process once, and what pages cost, is not theirs.
    for _ in range(count // 2):
        page("/live/counter")
    Crowd("/live/counter", 50), Crowd("/echo", 50, joins=False)
    start = server.bytes()
    Crowd("/echo", count, joins=False).rest(1)
    bare = server.bytes()
    Crowd("/live/counter", count)
    # Timers of joins are over, and what was for the page is free.
    end = time.monotonic() + 12
    while time.monotonic() < end:
        for crowd in Crowd.everyone:
            crowd.rest(0.1)
    full = server.bytes()
    return {"socket_bytes": (bare - start) / count, "view_bytes": (full - bare - (bare - start)) / count}


def clocks(server, scale):
    browsers = Crowd("/live/clock", 10_000 // scale)
    counts, cpu, seconds = browsers.received(server, 10)
    # Ten seconds hold nine ticks or more, wherever they begin.
    return {"clocks": len(browsers), "server_cpu": cpu, "missed": sum(max(0, 9 - count) for count in counts), "ticks_s": sum(counts) / seconds}


def watchers(server, scale):
    browsers = Crowd("/live/scores", 10_000 // scale)
    start, before = time.monotonic(), server.metric("live_renders_total")
    counts, cpu, seconds = browsers.received(server, 10)
    renders, changes = (server.metric("live_renders_total") or 0) - (before or 0), max(counts)
    renders_s = renders / (time.monotonic() - start)
    return {
        "watchers": len(browsers), "server_cpu": cpu, "changes": changes, "renders_per_tick": renders_s / 10,
        # The last one may be under way.
        "missed": sum(max(0, changes - 1 - count) for count in counts), "deliveries_s": sum(counts) / seconds}


def render(program, scale):
    """Microseconds of each operation of live views: the best of five, and of many times less few times."""
    names = subprocess.run([program], capture_output=True, text=True, check=True).stdout.splitlines()

    def seconds(number, times):
        start = time.perf_counter()
        subprocess.run([program, str(number), str(times)], check=True, stdout=subprocess.DEVNULL)
        return time.perf_counter() - start

    found = {}
    for number, name in enumerate(names):
        if name.startswith("live: "):
            few, times = min(seconds(number, 1) for _ in range(5)), 64
            while min(seconds(number, times) for _ in range(2)) < few + 0.3 / scale:
                times *= 4
            found[name.removeprefix("live: ")] = (min(seconds(number, times) for _ in range(5)) - few) / (times - 1) * 1e6
    return found


CELLS = {"latency": latency, "memory": memory, "clocks": clocks, "watchers": watchers}
# What the page says of a figure: its name, its unit, and the most that is wanted. Of the cells above others are not shown.
SHOWN = {
    ("latency", "p50_us"): ("event to patch, median", "µs", None), ("latency", "p99_us"): ("event to patch, p99", "µs", 1_000),
    ("latency", "max_us"): ("event to patch, the slowest", "µs", None), ("memory", "socket_bytes"): ("an idle socket", "B", None),
    ("memory", "view_bytes"): ("idle counter, on top of its socket", "B", 512),
    ("clocks", "server_cpu"): ("10,000 clocks at 1 Hz, the server's CPU", "cores", 1), ("clocks", "missed"): ("ticks that did not come", "", 0),
    ("watchers", "server_cpu"): ("10,000 watchers of a shared view that ticks ten times a second, the server's CPU", "cores", None),
    ("watchers", "renders_per_tick"): ("its renders a tick", "", 1.05), ("watchers", "deliveries_s"): ("its patches to browsers a second", "", None),
    ("watchers", "missed"): ("changes that did not come", "", 0),
    ("render", "a counter, one up"): ("a counter, one up", "µs", 1), ("render", "300 rows, one name changed"): ("300 rows, one name changed", "µs", 40),
    ("render", "10,000 rows, one name changed"): ("10,000 rows, one name changed", "µs", 2_000),
}


def table(path):
    rows = [json.loads(line) for line in open(path)]
    print("| | reached | wanted | |\n|---|--:|--:|---|")
    for cell in dict.fromkeys(row["cell"] for row in rows):
        values = [row for row in rows if row["cell"] == cell]
        for key in values[0]:
            if key in ("cell", "rep") or cell != "render" and (cell, key) not in SHOWN:
                continue
            value = statistics.median(row[key] for row in values)
            name, unit, wanted = SHOWN.get((cell, key), (key, "µs", None))
            text = f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
            verdict = "" if wanted is None else "yes" if value <= wanted else "**no**"
            print(f"| {name} | {f'{text} {unit}'.strip()} | {'' if wanted is None else f'≤ {wanted:,} {unit}'.strip()} | {verdict} |")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("files", nargs="+")
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--operations")
    parser.add_argument("--reps", type=int, default=3)
    parser.add_argument("--only", default=",".join(CELLS))
    parser.add_argument("--scale", type=int, default=1, help="a fraction of the browsers and events, to try it out")
    options = parser.parse_args()
    if options.table:
        return table(options.files[0])
    os.sched_setaffinity(0, {1})
    program, out = options.files
    with open(out, "a") as file:
        for rep in range(options.reps):
            for cell in options.only.split(","):
                Crowd.everyone.clear()
                with Server(program) as server:
                    row = CELLS[cell](server, options.scale)
                write(file, {"cell": cell, "rep": rep} | row)
        if options.operations:
            write(file, {"cell": "render", "rep": 0} | render(options.operations, options.scale))


def write(file, row):
    print(row, file=sys.stderr, flush=True)
    file.write(json.dumps(row) + "\n")
    file.flush()


if __name__ == "__main__":
    main()
