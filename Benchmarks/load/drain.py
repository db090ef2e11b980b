#!/usr/bin/env python3
"""A server with many clients is stopped by SIGTERM while somebody publishes, and another takes its port: is anything lost, doubled, out of order, or not told?

    drain.py HELIOGRAPH [--clients 10000] [--channels 100] [--rate 100] [--out FILE]

Standard library alone. Every publication that the publisher had an answer for before the server closed a client (the server's log says when) must have reached that client,
in order and once; everybody must be closed with 3001, come back to the second server, and be told there that the history is another one. Ends with 1 if not.
"""

import argparse
import asyncio
import base64
import calendar
import itertools
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time

KEY = "0123456789abcdef0123456789abcdef"
CONFIGURATION = f"""
client: {{allow_anonymous: true}}
channel:
  namespaces:
    - name: drain
      history_size: 10000
      history_ttl: 600s
      force_recovery: true
      allow_subscribe_for_client: true
      allow_subscribe_for_anonymous: true
http_api: {{key: "{KEY}"}}
"""
# What a log line's time may be off: it has milliseconds.
SLACK = 0.002


class Server:
    def __init__(self, program, folder, name, port, options):
        self.log = os.path.join(folder, f"{name}.log")
        configuration = os.path.join(folder, "heliograph.yaml")
        with open(configuration, "w") as file:
            file.write(CONFIGURATION)
        self.port, self.own = port, free_port()
        self.process = subprocess.Popen(
            [program, "serve", "--config", configuration, "--port", str(port), "--log-level", "debug"]
            + [f"--set=http_server.internal_port={self.own}", "--set=log.format=json", f"--set=log.file={self.log}"] + options,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def closings(self):
        """When each client was closed, by its id."""
        times = {}
        with open(self.log) as file:
            for line in file:
                if '"disconnecting"' in line:
                    entry = json.loads(line)
                    times[entry["metadata"]["client"]] = parse_time(entry["time"])
        return times


def parse_time(text):
    whole, rest = text.rstrip("Z").split(".")
    return calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) + float("0." + rest)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def http(port, path, method="GET", body=b"", headers=""):
    """Of a connection of its own; the status, or None."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return None
    try:
        writer.write(f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        status = await reader.readline()
        return int(status.split()[1]) if status else None
    except OSError:
        return None
    finally:
        writer.close()


class Client(asyncio.Protocol):
    """One connection: JSON over WebSocket, as little as there can be."""

    def __init__(self, person):
        self.person, self.buffer, self.isOpen = person, bytearray(), False

    def connection_made(self, transport):
        self.transport = transport
        key = base64.b64encode(random.randbytes(16)).decode()
        transport.write(
            (f"GET /connection/websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n").encode())

    def send(self, text, opcode=1):
        data = text if isinstance(text, bytes) else text.encode()
        head = bytes([0x80 | opcode, 0x80 | len(data)]) if len(data) < 126 else bytes([0x80 | opcode, 0xFE]) + len(data).to_bytes(2, "big")
        self.transport.write(head + b"\0\0\0\0" + data)

    def data_received(self, data):
        self.buffer += data
        if not self.isOpen:
            end = self.buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            if not self.buffer.startswith(b"HTTP/1.1 101"):
                return self.transport.abort()
            del self.buffer[:end + 4]
            self.isOpen = True
            self.send(json.dumps({"id": 1, "connect": {}}) + "\n" + json.dumps({"id": 2, "subscribe": self.person.subscribe()}))
        self.frames()

    def frames(self):
        buffer, at = self.buffer, 0
        while len(buffer) - at >= 2:
            length, start = buffer[at + 1] & 0x7F, at + 2
            if length == 126:
                length, start = int.from_bytes(buffer[at + 2:at + 4], "big"), at + 4
            elif length == 127:
                length, start = int.from_bytes(buffer[at + 2:at + 10], "big"), at + 10
            if start > len(buffer) or len(buffer) - start < length:
                break
            payload, opcode = bytes(buffer[start:start + length]), buffer[at] & 15
            at = start + length
            if opcode == 8:
                self.person.code = int.from_bytes(payload[:2], "big")
                self.send(payload[:2], 8)
            elif opcode == 9:
                self.send(payload, 10)
            else:
                for line in payload.split(b"\n"):
                    self.person.said(self, json.loads(line))
        del buffer[:at]

    def connection_lost(self, error):
        self.person.gone(self)


class Person:
    """Whoever is subscribed to one channel, and comes back."""

    def __init__(self, run, channel):
        self.run, self.channel = run, channel
        self.last, self.epoch, self.code, self.id = 0, "", None, None
        self.wasRecovering, self.isBack, self.wrong = None, False, 0
        self.lastOfFirst = None
        self.isThere = asyncio.get_running_loop().create_future()

    def subscribe(self):
        request = {"channel": self.channel}
        if self.epoch:
            request.update(recover=True, offset=self.last, epoch=self.epoch)
        return request

    async def connect(self):
        await asyncio.get_running_loop().create_connection(lambda: Client(self), "127.0.0.1", self.run.port)

    def said(self, client, reply):
        if not reply:
            return client.send("{}")
        if "connect" in reply:
            self.id = self.id or reply["connect"]["client"]
        elif "subscribe" in reply:
            result = reply["subscribe"]
            if self.epoch:
                self.isBack, self.wasRecovering = True, result.get("recovered", False)
                self.run.back(self)
            else:
                self.isThere.set_result(True)
            self.last, self.epoch = result.get("offset", 0), result.get("epoch", "")
        elif "push" in reply and "pub" in reply["push"]:
            offset = reply["push"]["pub"]["offset"]
            if offset != self.last + 1:
                self.wrong += 1
            self.last = offset
        elif "error" in reply:
            self.wrong += 1

    def gone(self, client):
        if self.lastOfFirst is None:
            self.lastOfFirst = self.last
        if not self.run.isOver and not self.isBack:
            asyncio.get_running_loop().create_task(self.comeBack())

    async def comeBack(self):
        # As the clients do: full jitter, from half a second to twenty.
        for attempt in itertools.count():
            await asyncio.sleep(random.uniform(0, min(20, 0.5 * 2 ** attempt)))
            if self.run.isOver:
                return
            try:
                return await self.connect()
            except OSError:
                pass


class Run:
    def __init__(self, options):
        self.options, self.port, self.isOver, self.countBack = options, free_port(), False, 0
        self.acknowledged, self.refused = [], 0
        self.allBack = asyncio.get_running_loop().create_future()

    def back(self, person):
        self.countBack += 1
        self.lastBack = time.time()
        if self.countBack == self.options.clients and not self.allBack.done():
            self.allBack.set_result(True)

    async def publish(self, server, channels):
        """To the first server, until it takes no more."""
        reader = writer = None
        for number in itertools.count():
            body = json.dumps({"channel": channels[number % len(channels)], "data": {"number": number}}).encode()
            try:
                if writer is None:
                    reader, writer = await asyncio.open_connection("127.0.0.1", server.own)
                writer.write(f"POST /api/publish HTTP/1.1\r\nHost: x\r\nX-API-Key: {KEY}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
                answer = json.loads(await reader.readexactly(length))
            except (OSError, asyncio.IncompleteReadError):
                return
            if "result" in answer:
                self.acknowledged.append((channels[number % len(channels)], answer["result"]["offset"], time.time()))
            else:
                self.refused += 1
            await asyncio.sleep(1 / self.options.rate)

    async def run(self):
        options = self.options
        with tempfile.TemporaryDirectory() as folder:
            limits = [f"--set=shutdown.delay={options.delay}", f"--set=shutdown.window={options.window}"]
            first = Server(options.program, folder, "first", self.port, limits)
            try:
                return await self.through(first, folder, limits)
            finally:
                self.isOver = True
                first.process.kill()

    async def through(self, first, folder, limits):
        options = self.options
        while await http(first.own, "/health/ready") != 200:
            await asyncio.sleep(0.02)
        channels = [f"drain:{number}" for number in range(options.channels)]
        people = [Person(self, channels[number % len(channels)]) for number in range(options.clients)]
        for start in range(0, len(people), 200):
            await asyncio.gather(*(person.connect() for person in people[start:start + 200]))
            await asyncio.gather(*(person.isThere for person in people[start:start + 200]))
        publisher = asyncio.create_task(self.publish(first, channels))
        await asyncio.sleep(2)

        asked = time.time()
        first.process.send_signal(signal.SIGTERM)
        while await http(first.own, "/health/ready") == 200:
            await asyncio.sleep(0.005)
        unready = time.time() - asked
        exit = asyncio.get_running_loop().run_in_executor(None, self.wait, first)
        second = None
        while second is None:
            # As soon as the first lets go of the port.
            if await http(self.port, "/") is None:
                second = Server(options.program, folder, "second", self.port, limits)
            await asyncio.sleep(0.01)
        try:
            await asyncio.wait_for(self.allBack, 60)
        except asyncio.TimeoutError:
            pass
        code, ended = await exit
        self.isOver = True
        publisher.cancel()
        second.process.terminate()
        return self.verdict(first, people, asked, unready, ended - asked, code)

    @staticmethod
    def wait(server):
        return server.process.wait(60), time.time()

    def verdict(self, first, people, asked, unready, ended, code):
        closings = first.closings()
        byChannel = {}
        for channel, offset, acknowledged in self.acknowledged:
            byChannel.setdefault(channel, []).append((offset, acknowledged))
        lost, unknown = 0, 0
        for person in people:
            closed = closings.get(person.id)
            if closed is None:
                unknown += 1
                continue
            lost += sum(offset > person.lastOfFirst for offset, at in byChannel.get(person.channel, []) if at < closed - SLACK)
        spread = [at - asked for at in closings.values()]
        figures = {
            "clients": len(people), "channels": self.options.channels, "published": len(self.acknowledged), "refused": self.refused,
            "publishedWhileDraining": sum(at > asked for _, _, at in self.acknowledged), "lost": lost, "outOfOrder": sum(p.wrong for p in people),
            "notClosedWith3001": sum(p.code != 3001 for p in people), "withoutClosing": unknown, "back": self.countBack,
            "toldNotRecovered": sum(p.wasRecovering is False for p in people), "exitCode": code, "unreadySeconds": round(unready, 3),
            "firstCloseSeconds": round(min(spread, default=0), 2), "lastCloseSeconds": round(max(spread, default=0), 2),
            "drainSeconds": round(ended, 2), "allBackSeconds": round(getattr(self, "lastBack", 0) - asked, 2),
        }
        figures["isGood"] = (
            lost == 0 and figures["outOfOrder"] == 0 and figures["notClosedWith3001"] == 0 and unknown == 0 and self.countBack == len(people)
            and figures["toldNotRecovered"] == len(people) and code == 0 and ended <= 30 and figures["publishedWhileDraining"] > 0)
        return figures


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--clients", type=int, default=10_000)
    parser.add_argument("--channels", type=int, default=100)
    parser.add_argument("--rate", type=float, default=100, help="publications a second")
    parser.add_argument("--delay", default="2s")
    parser.add_argument("--window", default="5s")
    parser.add_argument("--out")
    figures = await Run(parser.parse_args()).run()
    print(json.dumps(figures, indent=2))
    if out := parser.parse_args().out:
        with open(out, "w") as file:
            json.dump(figures, file)
    sys.exit(0 if figures["isGood"] else 1)


asyncio.run(main())
