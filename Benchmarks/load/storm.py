#!/usr/bin/env python3
"""Clients that all come at once, as after a restart: each connects with a token, subscribes and recovers, and comes back as the clients of the protocol do
(full jitter, 0.5 s to 20 s) if it is refused. Prints one line of JSON; ends with 1 if somebody was left out.

    storm.py PORT SECRET PID CLIENTS
"""
import asyncio
import base64
import hashlib
import hmac
import json
import os
import random
import resource
import statistics
import sys
import time

PORT, SECRET, PID, CLIENTS = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
MISSED = 10
HANDSHAKE = (b"GET /connection/websocket HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")


def part(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def token(user):
    text = part(b'{"alg":"HS256","typ":"JWT"}') + b"." + part(json.dumps({"sub": user}).encode())
    return (text + b"." + part(hmac.new(SECRET.encode(), text, hashlib.sha256).digest())).decode()


def frame(text):
    data, key = text.encode(), b"\0\0\0\0"
    head = bytes([0x81, 0x80 | len(data)]) if len(data) < 126 else bytes([0x81, 0xFE]) + len(data).to_bytes(2, "big")
    return head + key + data


class Client(asyncio.Protocol):
    """One connection: done tells what became of it."""

    def __init__(self, number, epoch):
        self.number, self.epoch, self.buffer, self.isOpen = number, epoch, b"", False
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport):
        self.transport = transport
        transport.write(HANDSHAKE)

    def data_received(self, data):
        self.buffer += data
        if not self.isOpen:
            if b"\r\n\r\n" not in self.buffer:
                return
            head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
            if b" 101 " not in head.split(b"\r\n", 1)[0]:
                return self.end("refused")
            self.isOpen = True
            subscribe = {"channel": "recover:s%d" % (self.number % 100), "recoverable": True}
            if self.epoch:
                subscribe.update(recover=True, epoch=self.epoch[self.number % 100], offset=0)
            self.transport.write(frame(json.dumps({"id": 1, "connect": {"token": token(str(self.number))}}) + "\n" + json.dumps({"id": 2, "subscribe": subscribe})))
        while len(self.buffer) >= 2:
            length, start = self.buffer[1] & 127, 2
            if length == 126:
                length, start = int.from_bytes(self.buffer[2:4], "big"), 4
            elif length == 127:
                length, start = int.from_bytes(self.buffer[2:10], "big"), 10
            if len(self.buffer) < start + length:
                return
            payload, opcode, self.buffer = self.buffer[start:start + length], self.buffer[0] & 15, self.buffer[start + length:]
            if opcode == 8:
                return self.end("busy" if payload[:2] == (3013).to_bytes(2, "big") else "closed %d" % int.from_bytes(payload[:2], "big"))
            for line in payload.splitlines():
                reply = json.loads(line)
                if "error" in reply:
                    return self.end("error %s" % reply["error"])
                if reply.get("id") == 2 and not self.done.done():
                    self.done.set_result(("ok", reply["subscribe"]))
                if reply == {}:
                    self.transport.write(frame("{}"))

    def end(self, what):
        if not self.done.done():
            self.done.set_result((what, None))
        self.transport.close()

    def connection_lost(self, error):
        if not self.done.done():
            self.done.set_result(("lost", None))


def memory(key):
    for line in open("/proc/%d/status" % PID):
        if line.startswith(key):
            return round(int(line.split()[1]) / 1024)


async def enter(number, epoch, counts, kept):
    begin, tries = time.monotonic(), 0
    while True:
        client = None
        try:
            _, client = await asyncio.get_running_loop().create_connection(lambda: Client(number, epoch), "127.0.0.1", PORT)
            outcome, result = await asyncio.wait_for(client.done, 5)
        except (OSError, asyncio.TimeoutError):
            outcome, result = "lost", None
            if client:
                client.transport.abort()
        counts[outcome] = counts.get(outcome, 0) + 1
        if outcome == "ok":
            kept.append(client)
            return result, time.monotonic() - begin
        if time.monotonic() - begin > 120:
            return None, 120.0
        await asyncio.sleep(random.uniform(0, min(20, 0.5 * 2 ** tries)))
        tries += 1


async def main():
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(resource.getrlimit(resource.RLIMIT_NOFILE)[1], 65536),) * 2)
    # The channels, their positions, and what will have been missed.
    epochs, kept = [], []
    for number in range(100):
        result, _ = await enter(number, None, {}, kept)
        epochs.append(result["epoch"])
    for number, client in enumerate(kept):
        for message in range(MISSED):
            client.transport.write(frame(json.dumps({"id": 9 + message, "publish": {"channel": "recover:s%d" % number, "data": {"n": message, "pad": "x" * 100}}})))
    await asyncio.sleep(1)
    for client in kept:
        client.transport.close()
    await asyncio.sleep(1)

    counts, kept, peak = {}, [], [0]

    async def watch():
        while True:
            peak[0] = max(peak[0], memory("VmRSS:"))
            await asyncio.sleep(0.05)

    watcher = asyncio.create_task(watch())
    begin = time.monotonic()
    results = await asyncio.gather(*(enter(number, epochs, counts, kept) for number in range(CLIENTS)))
    took = time.monotonic() - begin
    watcher.cancel()
    times = sorted(wait for _, wait in results)
    recovered = sum(1 for result, _ in results if result and result.get("recovered") and len(result.get("publications", [])) == MISSED)
    print(json.dumps({
        "clients": CLIENTS, "secs": round(took, 2), "p50_s": round(statistics.median(times), 2), "p99_s": round(times[int(len(times) * 0.99) - 1], 2),
        "refused": counts.get("refused", 0), "busy": counts.get("busy", 0), "lost": counts.get("lost", 0), "recovered": recovered,
        "others": {key: value for key, value in counts.items() if key not in ("ok", "refused", "busy", "lost")},
        "peak_mb": peak[0], "after_mb": memory("VmRSS:")}))
    return 0 if recovered == CLIENTS else 1


sys.exit(asyncio.run(main()))
