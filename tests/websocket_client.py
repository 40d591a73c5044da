#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A client of WebSockets by Debian's python3-websockets, which the tests' own
Python may not have: websocket_client.py URL CERTIFICATE FIELD… opens one with
the subprotocol "jmap". It sends each line of its input as a message, and prints
each message that comes as a line; in the end "closed CODE"."""

import asyncio
import ssl
import sys

import websockets


async def send(socket):
    reader = asyncio.StreamReader(limit=2 ** 26)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        await socket.send(line.decode().rstrip("\n"))
    await socket.close()


async def main(url, certificate, *fields):
    context = ssl.create_default_context(cafile=certificate)
    pairs = [field.split(": ", 1) for field in fields]
    async with websockets.connect(
            url, ssl=context, extra_headers=pairs, subprotocols=["jmap"],
            max_size=None) as socket:
        print("open", socket.subprotocol, flush=True)
        sender = asyncio.ensure_future(send(socket))
        try:
            async for message in socket:
                print(message, flush=True)
        finally:
            sender.cancel()
        print("closed", socket.close_code, flush=True)


try:
    asyncio.run(main(*sys.argv[1:]))
except websockets.InvalidStatusCode as error:
    print("refused", error.status_code, flush=True)
except websockets.ConnectionClosedError as error:
    print("closed", error.code, flush=True)
