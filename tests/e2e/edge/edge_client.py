#!/usr/bin/python3
"""A module or device of Azure IoT as far as its coming in: one CONNECT over TLS or WebSocket, or one request over HTTPS.

Prints "CONNACK 05", "closed" if nothing came, with --hold "closed after" or "open" once the seconds are over; or the status of HTTP and the body.
"""

import argparse
import base64
import os
import socket
import ssl
import struct
import sys


def text(value: str) -> bytes:
    raw = value.encode()
    return struct.pack(">H", len(raw)) + raw


def connect_packet(args: argparse.Namespace) -> bytes:
    flags = (0x80 if args.user is not None else 0) | (0x40 if args.password is not None else 0)
    body = text("MQTT") + bytes([4, flags, 0, 180]) + text(args.client_id)
    for part in (args.user, args.password):
        if part is not None:
            body += text(part)
    length = b""
    rest = len(body)
    while True:
        length += bytes([rest % 128 | (0x80 if rest > 127 else 0)])
        rest //= 128
        if rest == 0:
            return b"\x10" + length + body


class Stream:
    def __init__(self, args: argparse.Namespace) -> None:
        context = ssl.create_default_context(cafile=args.ca)
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2 if args.tls == "1.2" else ssl.TLSVersion.TLSv1_3
        if args.cert:
            context.load_cert_chain(args.cert, args.key)
        self.tls = context.wrap_socket(socket.create_connection(("127.0.0.1", args.port), 10), server_hostname="localhost")
        self.held = b""

    def take(self, size: int) -> bytes:
        while len(self.held) < size:
            more = self.tls.recv(65536)
            if not more:
                raise EOFError
            self.held += more
        taken, self.held = self.held[:size], self.held[size:]
        return taken

    def until(self, end: bytes) -> bytes:
        taken = b""
        while not taken.endswith(end):
            taken += self.take(1)
        return taken


def frame(payload: bytes) -> bytes:
    size = bytes([0x80 | len(payload)]) if len(payload) < 126 else b"\xfe" + struct.pack(">H", len(payload))
    return b"\x82" + size + b"\0\0\0\0" + payload  # a mask of zeros masks nothing


def upgrade(stream: Stream, args: argparse.Namespace) -> None:
    key = base64.b64encode(os.urandom(16)).decode()
    stream.tls.sendall((f"GET {args.path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
                        f"Sec-WebSocket-Protocol: {args.protocol}\r\n\r\n").encode())
    status = stream.until(b"\r\n\r\n").split(b" ")[1].decode()
    if status != "101":
        print("HTTP", status)
        sys.exit(0)


def come_in(args: argparse.Namespace) -> None:
    stream = Stream(args)
    packet = connect_packet(args)
    if args.transport == "wss":
        upgrade(stream, args)
        # As the Node SDK does it: many frames, cut anywhere.
        stream.tls.sendall(b"".join(frame(packet[i:i + 7]) for i in range(0, len(packet), 7)))
        stream.take(2)
    else:
        stream.tls.sendall(packet)
    try:
        print(f"CONNACK {stream.take(4)[3]:02X}", flush=True)
    except (EOFError, OSError):
        print("closed")
        return
    if args.hold:
        stream.tls.settimeout(args.hold)
        try:
            stream.take(1)
        except socket.timeout:
            print("open")
        except (EOFError, OSError):
            print("closed after")


def ask(args: argparse.Namespace) -> None:
    stream = Stream(args)
    body = args.body.encode()
    length = args.announce or len(body)  # what is refused by its announced length is not sent: the close could overtake the answer
    headers = "".join(header + "\r\n" for header in args.header)
    for _ in range(args.requests):
        stream.tls.sendall(f"{args.method} {args.path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n{headers}\r\n".encode() + body)
        head = stream.until(b"\r\n\r\n").decode()
        answered = next(int(line.split(":")[1]) for line in head.split("\r\n") if line.lower().startswith("content-length"))
        print("HTTP", head.split(" ")[1], stream.take(answered).decode())


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("ca")
    parser.add_argument("--transport", choices=["tls", "wss", "https"], default="tls")
    parser.add_argument("--tls", default="1.3")
    parser.add_argument("--cert")
    parser.add_argument("--key")
    parser.add_argument("--client-id", default="")
    parser.add_argument("--user")
    parser.add_argument("--password")
    parser.add_argument("--hold", type=float, default=0)
    parser.add_argument("--path", default="/$iothub/websocket")
    parser.add_argument("--protocol", default="mqtt")
    parser.add_argument("--method", default="POST")
    parser.add_argument("--body", default="")
    parser.add_argument("--header", action="append", default=[])
    parser.add_argument("--announce", type=int, default=0)
    parser.add_argument("--requests", type=int, default=1)
    args = parser.parse_args()
    ask(args) if args.transport == "https" else come_in(args)


if __name__ == "__main__":
    main()
