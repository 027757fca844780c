"""A TLS front as clouds have it at port 443: it lets in who shows a certificate and asks for the protocol by ALPN.

alpn_front.py PORT PROTOCOL CA CERTIFICATE KEY BROKER_PORT. Prints what each client asked for; what it lets in goes on to
the plain port of a broker. Standard library only.
"""
import asyncio
import ssl
import sys


async def copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()
    except OSError:
        pass
    finally:
        sink.close()


async def main(port: str, protocol: str, authority: str, certificate: str, key: str, broker_port: str) -> None:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=authority)
    tls.load_cert_chain(certificate, key)
    tls.verify_mode = ssl.CERT_REQUIRED
    tls.set_alpn_protocols([protocol])

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked_for = writer.get_extra_info("ssl_object").selected_alpn_protocol()
        print("alpn:", asked_for, flush=True)
        if asked_for != protocol:
            writer.close()
            return
        from_broker, to_broker = await asyncio.open_connection("127.0.0.1", int(broker_port))
        await asyncio.gather(copy(reader, to_broker), copy(from_broker, writer))

    async with await asyncio.start_server(serve, "127.0.0.1", int(port), ssl=tls) as server:
        await server.serve_forever()


asyncio.run(main(*sys.argv[1:]))
