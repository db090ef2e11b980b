"""An echo server of PyPI `websockets`. usage: python_server.py PORT [--tls CERT KEY] [--compressed]"""

import asyncio
import ssl
import sys

from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed


async def echo(socket):
    try:
        async for message in socket:
            if isinstance(message, str) and message.startswith("!close "):
                _, code, reason = message.split(" ", 2)
                await socket.close(int(code), reason)
            else:
                await socket.send(message)
    except ConnectionClosed:
        pass


async def main():
    port, arguments = int(sys.argv[1]), sys.argv[2:]
    context = None
    if "--tls" in arguments:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        at = arguments.index("--tls")
        context.load_cert_chain(arguments[at + 1], arguments[at + 2])
    compression = "deflate" if "--compressed" in arguments else None
    async with serve(echo, "127.0.0.1", port, ssl=context, compression=compression, max_size=4 << 20):
        await asyncio.Future()


asyncio.run(main())
