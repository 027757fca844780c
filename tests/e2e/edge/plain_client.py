"""A client of plain MQTT 5 on the listener without IoT Edge's dialect, as raw packets. Standard library only."""

import socket
import struct

import raw_clients
from raw_clients import Client, expect, packet, text

Properties = list[tuple[str, str]]
PORT = 0


def varint(number: int) -> bytes:
    encoded = b""
    while True:
        encoded += bytes([number % 128 | (0x80 if number >= 128 else 0)])
        number //= 128
        if not number:
            return encoded


class Plain(Client):
    """One connection. With a password its name is the user's, too, and it has to be let in."""

    def __init__(self, name: str, password: str | None = None) -> None:
        self.socket = socket.create_connection(("127.0.0.1", PORT), raw_clients.PATIENCE_S)
        self.web_socket, self.raw, self.bytes, self.last_id = False, b"", b"", 0
        who = b"" if password is None else text(name) + text(password)
        self.send(packet(0x10, text("MQTT") + (b"\x05\xc2" if who else b"\x05\x02") + b"\0\x3c\0" + text(name) + who))
        first, body = self.read()
        expect(first == 0x20, first)
        self.code = body[1]
        expect(password is None or self.code == 0, f"{name} is refused")

    def subscribe(self, wanted: str, qos: int = 1) -> int:
        self.last_id += 1
        self.send(packet(0x82, struct.pack(">H", self.last_id) + b"\0" + text(wanted) + bytes([qos])))
        return self.read()[1][-1]

    def say5(self, topic: str, body: bytes, properties: Properties = (), content_type: str = "", correlation: str = "") -> int:
        """The reason code of the PUBACK."""
        section = (b"\x03" + text(content_type) if content_type else b"") + (b"\x09" + text(correlation) if correlation else b"")
        section += b"".join(b"\x26" + text(name) + text(value) for name, value in properties)
        self.last_id += 1
        self.send(packet(0x32, text(topic) + struct.pack(">H", self.last_id) + varint(len(section)) + section + body))
        first, answer = self.read()
        expect(first == 0x40, first)
        return answer[2] if len(answer) > 2 else 0

    def message5(self) -> tuple[str, Properties, bytes]:
        """Topic, user properties with "content type" and "correlation", and the body of a QoS 1 message, which is acknowledged."""
        _, data = self.read()
        length = int.from_bytes(data[:2], "big")
        topic, self_id, data = data[2:2 + length].decode(), data[2 + length:4 + length], data[4 + length:]
        self.send(packet(0x40, self_id))
        size, shift = 0, 0
        while True:
            byte, data = data[0], data[1:]
            size |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
        section, body = data[:size], data[size:]
        found: Properties = []
        while section:
            kind, section = section[0], section[1:]
            names = ["content type"] if kind == 3 else ["correlation"] if kind == 9 else []
            for _ in range(2 - len(names)):
                size = int.from_bytes(section[:2], "big")
                names.append(section[2:2 + size].decode())
                section = section[2 + size:]
            found.append((names[0], names[1]))
        return topic, found, body
