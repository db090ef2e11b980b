#!/usr/bin/env python3
"""What the demos of `heliograph serve` cost the server, with visitors that say and read what the pages do.

    demos.py HELIOGRAPH OUT.jsonl [REPETITIONS]     measures; needs PyPI `websockets`
    demos.py --table OUT.jsonl

The server runs with one thread on core 0, the visitors on core 1; each cell has a fresh server, and is measured for ten seconds once all have come.
"""

import asyncio
import itertools
import json
import os
import socket
import statistics
import subprocess
import sys
import time
import uuid

PORT = 28122
SECONDS = 10
DELTA = {"delta": "fossil"}


class Guest:
    """A client of the channels: pushes are counted, pings answered, and a refusal ends the measurement."""

    def __init__(self, subscribe, act=None):
        self.subscribe, self.act = subscribe, act
        self.received = 0
        self.ids = itertools.count(1)
        self.answers = {}

    async def open(self, websockets):
        self.socket = await websockets.connect(
            f"ws://127.0.0.1:{PORT}/demo/connection/websocket", compression=None, ping_interval=None, max_size=None)
        self.tasks = [asyncio.create_task(self.read())]
        await self.ask(connect={})
        await self.subscribe(self)
        if self.act:
            self.tasks.append(asyncio.create_task(self.act(self)))

    async def ask(self, **body):
        number = next(self.ids)
        answer = self.answers[number] = asyncio.get_running_loop().create_future()
        await self.socket.send(json.dumps({"id": number, **body}))
        reply = await asyncio.wait_for(answer, 10)
        if "error" in reply:
            raise SystemExit(f"{body} was refused: {reply}")
        return reply

    async def read(self):
        async for batch in self.socket:
            for line in batch.split("\n"):
                if line == "{}":
                    await self.socket.send("{}")
                    continue
                message = json.loads(line)
                if "push" in message:
                    self.received += "pub" in message["push"]
                else:
                    self.answers.pop(message["id"]).set_result(message)


class Player:
    """A page of the game (Docs/demo-game.md): it wants a ship, and steers it ten times a second."""

    def __init__(self, number):
        self.number = number
        self.received = 0

    async def open(self, websockets):
        self.socket = await websockets.connect(f"ws://127.0.0.1:{PORT}/demo/game", compression=None, ping_interval=None, max_size=None)
        name = f"Player {self.number}".encode()
        await self.socket.send(bytes([1, 1, len(name)]) + name)
        self.tasks = [asyncio.create_task(self.read()), asyncio.create_task(self.steer())]

    async def read(self):
        async for _ in self.socket:
            self.received += 1

    async def steer(self):
        for heading in itertools.count(self.number * 37, 3):
            await asyncio.sleep(0.1)
            await self.socket.send(bytes([2, heading & 255, 200, 0]))


def trader(number):
    async def subscribe(guest):
        await guest.ask(subscribe={"channel": "market:overview", **DELTA})
        listings = (await guest.ask(rpc={"method": "market:symbols"}))["rpc"]["data"]["symbols"]
        symbol = listings[number % 10][0]
        await guest.ask(subscribe={"channel": f"market:book.{symbol}", **DELTA})
        await guest.ask(subscribe={"channel": f"tape:{symbol}"})

    return Guest(subscribe)


def talker(number):
    """Says something every other second or so: with a hundred in the room each reads fifty messages a second."""

    async def subscribe(guest):
        data = {"name": f"Guest {number}", "session": uuid.uuid4().hex}
        await guest.ask(subscribe={"channel": "chat:measured", "join_leave": True, "data": data})

    async def talk(guest):
        await asyncio.sleep(number / 50)
        while True:
            message = {"ref": uuid.uuid4().hex, "text": "Is the kettle on? It takes a while, and there are many of us."}
            await guest.ask(publish={"channel": "chat:measured", "data": message})
            await asyncio.sleep(2)

    return Guest(subscribe, talk)


def watcher(_):
    async def subscribe(guest):
        await guest.ask(subscribe={"channel": "dashboard:server"})

    return Guest(subscribe)


# name: who comes, and how many
CELLS = {
    "nobody there": (None, 0),
    "dashboard, 100 visitors": (watcher, 100),
    "chat, a room of 100 that all say something every two seconds": (talker, 100),
    "market, 50 visitors, each with all prices, a book and its trades": (trader, 50),
    "game, 50 players": (Player, 50),
}


def cpu(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def pss(pid):
    with open(f"/proc/{pid}/smaps_rollup") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("Pss:")) << 10


def listening():
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", PORT)) == 0


async def measure(program, kind, count):
    import websockets

    serve = [program, "serve", "--host", "127.0.0.1", "--port", str(PORT), "--threads", "1", "--log-level", "error"]
    server = subprocess.Popen(["taskset", "-c", "0", *serve], stdout=subprocess.DEVNULL)
    try:
        for _ in range(200):
            if listening():
                break
            time.sleep(0.05)
        else:
            sys.exit("the server did not start")
        guests = [kind(number) for number in range(count)]
        for guest in guests:
            await guest.open(websockets)
        await asyncio.sleep(2)
        before, received, began = cpu(server.pid), sum(guest.received for guest in guests), time.monotonic()
        await asyncio.sleep(SECONDS)
        took = time.monotonic() - began
        return {
            "cpu": (cpu(server.pid) - before) / took,
            "memory": pss(server.pid),
            "messages": (sum(guest.received for guest in guests) - received) / took,
        }
    finally:
        server.kill()
        server.wait()


def table(path):
    with open(path) as file:
        rows = [json.loads(line) for line in file]
    print("| | messages to visitors a second | CPU, of a core | memory (PSS) |")
    print("|---|--:|--:|--:|")
    for cell in CELLS:
        found = [row for row in rows if row["cell"] == cell]
        if not found:
            continue
        middle = {key: statistics.median(row[key] for row in found) for key in ("messages", "cpu", "memory")}
        print(f"| {cell} | {middle['messages']:,.0f} | {100 * middle['cpu']:.1f} % | {middle['memory'] / 1e6:.1f} MB |")


def main():
    if sys.argv[1] == "--table":
        return table(sys.argv[2])
    os.sched_setaffinity(0, {1})
    with open(sys.argv[2], "w") as file:
        for _ in range(int(sys.argv[3]) if len(sys.argv) > 3 else 3):
            for cell, (kind, count) in CELLS.items():
                row = {"cell": cell, **asyncio.run(measure(sys.argv[1], kind, count))}
                print(json.dumps(row), file=file, flush=True)
                print(row, flush=True)


if __name__ == "__main__":
    main()
