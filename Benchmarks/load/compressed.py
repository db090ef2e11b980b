#!/usr/bin/env python3
"""What a broadcast costs the server with and without compression.  usage: compressed.py HELIOGRAPH OUT.jsonl [REPETITIONS]

The same 200 messages a second of 512 B to 1,000 sockets, once with and once without permessage-deflate in each repetition; a line for each repetition
with the server's CPU seconds in 5 s.
"""

import json
import os
import socket
import subprocess
import sys
import time

PORT = 28121
SECONDS = 5


def cpu(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def wait_for_port():
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", PORT)) == 0:
                return
        time.sleep(0.05)
    sys.exit("the server did not start")


def measure(program, *options):
    serve = [program, "serve", "--host", "127.0.0.1", "--port", str(PORT), "--threads", "1", "--log-level", "error"]
    server = subprocess.Popen(["taskset", "-c", "0", *serve], stdout=subprocess.DEVNULL)
    try:
        wait_for_port()
        load = [program, "bench", "-m", "fanout", "-c", "1000", "-s", "512", "-r", "200", "-t", str(SECONDS + 3), "--warm-up", "1", *options, "--json", "-"]
        generator = subprocess.Popen(
            ["taskset", "-c", "1", *load, f"ws://127.0.0.1:{PORT}/broadcast"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        time.sleep(3)
        before = cpu(server.pid)
        time.sleep(SECONDS)
        used = cpu(server.pid) - before
        generator.communicate(timeout=60)
        if generator.returncode != 0:
            sys.exit(f"the generator ended with {generator.returncode}")
        return used
    finally:
        server.terminate()
        server.wait()


def main():
    program, out = sys.argv[1], sys.argv[2]
    with open(out, "w") as file:
        for _ in range(int(sys.argv[3]) if len(sys.argv) > 3 else 3):
            row = {"plain": measure(program), "compressed": measure(program, "--compress")}
            print(json.dumps(row), file=file, flush=True)
            print("broadcast, CPU seconds in %d s: %.2f plain, %.2f compressed" % (SECONDS, row["plain"], row["compressed"]), flush=True)


main()
