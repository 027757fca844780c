"""Lets a client that speaks TCP alone, as Prometheus does, reach a hub's Unix socket: unix_relay.py PORT SOCKET."""

import asyncio
import sys


async def copy(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


async def relay(reader, writer):
    hub_reader, hub_writer = await asyncio.open_unix_connection(sys.argv[2])
    await asyncio.gather(copy(reader, hub_writer), copy(hub_reader, writer), return_exceptions=True)


async def main():
    server = await asyncio.start_server(relay, "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()


asyncio.run(main())
