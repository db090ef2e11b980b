"""PyPI `websockets` talks to our echo. usage: python_client.py URL [--ca CERT] [--compressed]"""

import asyncio
import ssl
import sys

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

URL, ARGUMENTS = sys.argv[1], sys.argv[2:]
COMPRESSED = "--compressed" in ARGUMENTS


def open_socket(**options):
    if "--ca" in ARGUMENTS:
        options["ssl"] = ssl.create_default_context(cafile=ARGUMENTS[ARGUMENTS.index("--ca") + 1])
    return connect(URL, compression="deflate" if COMPRESSED else None, max_size=32 << 20, **options)


async def echo(socket, message):
    await socket.send(message)
    answer = await asyncio.wait_for(socket.recv(), 20)
    assert answer == message, "another answer: %r" % answer[:80]


async def extension(socket):
    names = [extension.name for extension in socket.protocol.extensions]
    assert names == (["permessage-deflate"] if COMPRESSED else []), names


async def text(socket):
    for message in ["hello", "", "κόσμε \U0001f30d", "x" * 70_000]:
        await echo(socket, message)


async def binary(socket):
    for size in [0, 1, 125, 126, 65_535, 65_536]:
        await echo(socket, bytes(i * 31 & 255 for i in range(size)))


async def mebibyte(socket):
    await echo(socket, bytes(i * 31 & 255 for i in range(1 << 20)))


async def fragments(socket):
    await socket.send(["in ", "", "three ", "parts"])
    assert await socket.recv() == "in three parts"
    await socket.send([b"\1", b"", b"\2"])
    assert await socket.recv() == b"\1\2"


async def in_flight(socket):
    for number in range(500):
        await socket.send(str(number))
    for number in range(500):
        assert await socket.recv() == str(number)


async def ping(socket):
    for payload in [b"", b"x", bytes(125)]:
        await asyncio.wait_for(await socket.ping(payload), 5)


async def close_codes(socket):
    await socket.close(4001, "enough")
    assert socket.protocol.close_rcvd and socket.protocol.close_rcvd.code == 4001, socket.protocol.close_rcvd
    for code in [1000, 1001, 1011, 3000, 4999]:
        async with open_socket() as other:
            await other.close(code)
            assert other.protocol.close_rcvd.code == code, other.protocol.close_rcvd


async def bad_utf8(socket):
    await socket.send(b"\xff\xfe", text=True)
    try:
        await asyncio.wait_for(socket.recv(), 5)
        raise AssertionError("an answer")
    except ConnectionClosed as closed:
        assert closed.rcvd and closed.rcvd.code == 1007, closed


CHECKS = [extension, text, binary, mebibyte, fragments, in_flight, ping, close_codes, bad_utf8]


async def main():
    passed = 0
    for check in CHECKS:
        try:
            async with open_socket() as socket:
                await check(socket)
            passed += 1
            print("    ok      %s" % check.__name__)
        except Exception as error:
            print("    FAILED  %s: %s %s" % (check.__name__, type(error).__name__, error))
    print("%d passed, %d failed" % (passed, len(CHECKS) - passed))


asyncio.run(main())
