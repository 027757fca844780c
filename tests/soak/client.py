"""An MQTT 5 client on asyncio that is small enough for thousands of them in one process.

It does what the soak needs of one and checks nothing: the hub's answers are judged by the soak.
"""

import asyncio
import collections
import itertools
import struct
from typing import Callable

CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, SUBACK, PINGREQ, DISCONNECT = 1, 2, 3, 4, 8, 9, 12, 14
ERROR = 0x80  # reason codes from here on are refusals


def text(value: str) -> bytes:
    data = value.encode()
    return struct.pack("!H", len(data)) + data


def variable(number: int) -> bytes:
    out = bytearray()
    while True:
        number, low = divmod(number, 128)
        out.append(low | (0x80 if number else 0))
        if not number:
            return bytes(out)


def packet(kind: int, flags: int, body: bytes) -> bytes:
    return bytes([kind << 4 | flags]) + variable(len(body)) + body


class Client(asyncio.Protocol):
    """One connection. `on_message(topic, payload)` is called before the message is acknowledged."""

    def __init__(self, client_id: str, on_message: Callable[[str, bytes], None] | None = None):
        self.client_id = client_id
        self.on_message = on_message
        self.closed = asyncio.get_running_loop().create_future()
        self.session_present = False
        self._input = bytearray()
        self._transport: asyncio.Transport | None = None
        self._ids = itertools.cycle(range(1, 65536))
        self._answers: dict[tuple[int, int], asyncio.Future] = {}

    async def connect(self, port: int, session_s: int = 0, will: tuple[str, bytes] | None = None) -> int:
        """Returns the reason code of the CONNACK."""
        await asyncio.get_running_loop().create_connection(lambda: self, "127.0.0.1", port)
        flags = (0x02 if session_s == 0 else 0) | (0x2C if will else 0)  # a will is retained, QoS 1
        properties = b"" if session_s == 0 else b"\x11" + struct.pack("!I", session_s)
        body = text("MQTT") + bytes([5, flags]) + struct.pack("!H", 60) + variable(len(properties)) + properties
        body += text(self.client_id)
        if will:
            body += b"\0" + text(will[0]) + struct.pack("!H", len(will[1])) + will[1]
        return await self._ask(packet(CONNECT, 0, body), (CONNACK, 0))

    async def subscribe(self, topic_filter: str, qos: int) -> int:
        number = next(self._ids)
        body = struct.pack("!H", number) + b"\0" + text(topic_filter) + bytes([qos])
        return await self._ask(packet(SUBSCRIBE, 2, body), (SUBACK, number))

    async def publish(self, topic: str, payload: bytes, retain: bool = False) -> bool:
        """With QoS 1; whether it was acknowledged and not refused."""
        number = next(self._ids)
        body = text(topic) + struct.pack("!H", number) + b"\0" + payload
        return await self._ask(packet(PUBLISH, 2 | retain, body), (PUBACK, number)) < ERROR

    def ping(self) -> None:
        self._transport.write(packet(PINGREQ, 0, b""))

    def disconnect(self) -> None:
        self._transport.write(packet(DISCONNECT, 0, b""))
        self._transport.close()

    def abort(self) -> None:
        """Ends the connection as a power cut does, so that the will is published."""
        self._transport.abort()

    def _ask(self, question: bytes, answer: tuple[int, int]) -> asyncio.Future:
        future = asyncio.get_running_loop().create_future()
        if self.closed.done():
            future.set_exception(ConnectionError("closed"))
            return future
        self._answers[answer] = future
        self._transport.write(question)
        return future

    # ---- asyncio.Protocol ----

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        if not self.closed.done():
            self.closed.set_result(None)
        for future in self._answers.values():
            if not future.done():
                future.set_exception(ConnectionError("closed"))
        self._answers.clear()

    def data_received(self, data: bytes) -> None:
        self._input += data
        while (cut := self._cut()) is not None:
            self._on_packet(*cut)

    def _cut(self) -> tuple[int, bytes] | None:
        length, shift, at = 0, 0, 1
        while True:
            if at >= len(self._input):
                return None
            byte = self._input[at]
            length |= (byte & 0x7F) << shift
            shift, at = shift + 7, at + 1
            if byte < 0x80:
                break
        if len(self._input) < at + length:
            return None
        first, body = self._input[0], bytes(self._input[at:at + length])
        del self._input[:at + length]
        return first, body

    def _on_packet(self, first: int, body: bytes) -> None:
        kind = first >> 4
        if kind == PUBLISH:
            self._on_publish(first, body)
        elif kind == CONNACK:
            self.session_present = bool(body[0])
            self._answered((CONNACK, 0), body[1])
        elif kind == PUBACK:
            self._answered((PUBACK, struct.unpack("!H", body[:2])[0]), body[2] if len(body) > 2 else 0)
        elif kind == SUBACK:
            self._answered((SUBACK, struct.unpack("!H", body[:2])[0]), body[-1])

    def _on_publish(self, first: int, body: bytes) -> None:
        size = struct.unpack("!H", body[:2])[0]
        topic, at = body[2:2 + size].decode(), 2 + size
        number = b""
        if first & 0x06:
            number, at = body[at:at + 2], at + 2
        if self.on_message:
            self.on_message(topic, body[at + 1 + body[at]:])  # properties have less than 128 bytes here
        if number:
            self._transport.write(packet(PUBACK, 0, number))

    def _answered(self, answer: tuple[int, int], code: int) -> None:
        future = self._answers.pop(answer, None)
        if future and not future.done():
            future.set_result(code)


class Ledger:
    """What was acknowledged to publishers, and what has come out where it should."""

    def __init__(self) -> None:
        self.promised: dict[str, set[str]] = collections.defaultdict(set)
        self.arrived: dict[str, set[str]] = collections.defaultdict(set)

    def lost(self) -> dict[str, int]:
        return {way: len(ids - self.arrived[way]) for way, ids in self.promised.items() if ids - self.arrived[way]}
