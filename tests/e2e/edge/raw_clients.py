"""Modules and devices of Azure IoT's SDKs as raw packets, in the forms of the SDKs of Node, .NET, C and Python.

usage: raw_clients.py SCENARIO TLS_PORT WSS_PORT CA_FILE; exit code 0 when all came as expected, else the last line says what did not.
       raw_clients.py identities FILE: the hub's file of their identities
A scenario is a function below. Standard library only.
"""

import base64
import hashlib
import hmac
import json
import os
import re
import socket
import ssl
import struct
import sys
import time
import urllib.parse

PATIENCE_S = 15
HOST = "acme-plant.azure-devices.net"
AWKWARD = "Line_2.press:07@east*(a)!'%41%c%u%d%m,=$?"
KEYS = {
    "edge-1/sensor": b"sensor-primary-key-0123456789abc",
    "edge-1/filter": b"filter-primary-key-0123456789abc",
    "edge-1/sink": b"sink-primary-key-0123456789abcdef",
    "leaf-1": b"leaf-primary-key-0123456789abcde",
    "leaf-1/sensor": b"foreign-primary-key-0123456789ab",
    "edge-1/good": b"good-primary-key-0123456789abcde",
    "edge-1/evil": b"evil-primary-key-0123456789abcde",
    "edge-1/$edgeHub": b"the-hub-primary-key-0123456789ab",
    "leaf-1/filter": b"namesake-primary-key-0123456789a",
    "leaf-evil": b"evil-leaf-primary-key-0123456789",
    AWKWARD: b"awkward-primary-key-0123456789ab",
    "leaf-off": b"disabled-primary-key-0123456789a",
}
GENERATIONS = {name: str(637500000000000001 + number) for number, name in enumerate(KEYS)}
EVENTS = "devices/edge-1/modules/{}/messages/events/"
TLS_PORT, WSS_PORT, CA_FILE = 0, 0, ""


class Closed(Exception):
    """The hub has ended the connection."""


def expect(holds: bool, what: object) -> None:
    if not holds:
        raise AssertionError(what)


def quote(text: str) -> str:
    return urllib.parse.quote(text, safe="")


def token(client: str, key: bytes | None = None, twice: bool = False) -> str:
    """A token; .NET's encodes ids alone first, and then all again."""
    device, _, module = client.partition("/")
    encode = quote if twice else lambda text: text
    resource = f"{HOST}/devices/{encode(device)}" + (f"/modules/{encode(module)}" if module else "")
    resource = quote(resource)
    until = str(int(time.time()) + 3600)
    signed = hmac.new(KEYS[client] if key is None else key, f"{resource}\n{until}".encode(), hashlib.sha256).digest()
    return f"SharedAccessSignature sr={resource}&sig={quote(base64.b64encode(signed).decode())}&se={until}"


def text(value: str | bytes) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return struct.pack(">H", len(data)) + data


def packet(first: int, body: bytes) -> bytes:
    length, rest = b"", len(body)
    while True:
        length += bytes([rest % 128 | (0x80 if rest >= 128 else 0)])
        rest //= 128
        if not rest:
            return bytes([first]) + length + body


class Client:
    """One connection, over TLS or WebSocket."""

    def __init__(self, client: str, web_socket: bool = False) -> None:
        self.client = client
        context = ssl.create_default_context(cafile=CA_FILE)
        plain = socket.create_connection(("127.0.0.1", WSS_PORT if web_socket else TLS_PORT), PATIENCE_S)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket = context.wrap_socket(plain, server_hostname="localhost")
        self.web_socket = False
        self.raw = b""
        self.bytes = b""
        self.last_id = 0
        if web_socket:
            self.upgrade()

    # ---- bytes ----

    def receive(self) -> None:
        try:
            came = self.socket.recv(65536)
        except (ConnectionError, ssl.SSLError) as error:
            raise Closed() from error
        if not came:
            raise Closed()
        self.raw += came
        if not self.web_socket:
            self.bytes, self.raw = self.bytes + self.raw, b""
        else:
            self.take_frames()

    def upgrade(self) -> None:
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall((
            "GET /$iothub/websocket?iothub-no-client-cert=true HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n"
            f"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
            "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n").encode())
        while b"\r\n\r\n" not in self.bytes:
            self.receive()
        head, self.raw = self.bytes.split(b"\r\n\r\n", 1)
        self.bytes = b""
        expect(b" 101 " in head and b"sec-websocket-protocol: mqtt" in head.lower(), head)
        self.web_socket = True
        self.take_frames()

    def take_frames(self) -> None:
        while len(self.raw) >= 2:
            at, length = 2, self.raw[1] & 127
            if length >= 126:
                at = 4 if length == 126 else 10
                length = int.from_bytes(self.raw[2:at], "big")
            if len(self.raw) < max(at + length, at):
                return
            if self.raw[0] & 15 == 8:
                raise Closed()
            self.bytes += self.raw[at:at + length]
            self.raw = self.raw[at + length:]

    def send(self, data: bytes) -> None:
        """Over WebSocket one packet goes in many frames, as MQTT.js writes it."""
        if not self.web_socket:
            return self.socket.sendall(data)
        sizes = [1, 2, 2, 4, 1]
        while data:
            size = sizes.pop(0) if sizes else 4000
            part, data = data[:size], data[size:]
            head = bytes([0x82]) + (bytes([0x80 | len(part)]) if len(part) < 126 else b"\xfe" + struct.pack(">H", len(part)))
            self.socket.sendall(head + b"\0\0\0\0" + part)

    def read(self) -> tuple[int, bytes]:
        """The next packet: its first byte and its body."""
        while True:
            length, shift, at = 0, 0, 1
            while at < len(self.bytes):
                length |= (self.bytes[at] & 127) << shift
                shift += 7
                at += 1
                if self.bytes[at - 1] < 128:
                    if len(self.bytes) >= at + length:
                        first, body = self.bytes[0], self.bytes[at:at + length]
                        self.bytes = self.bytes[at + length:]
                        return first, body
                    break
            self.receive()

    def is_closed(self) -> bool:
        """Whether the hub ends the connection without saying anything more."""
        try:
            said = self.read()
        except Closed:
            return True
        except TimeoutError:
            return False
        raise AssertionError(f"the hub said {said}")

    # ---- packets ----

    def connect(self, properties: str = "?api-version=2021-04-12&DeviceClientType=azure-iot-device%2F1.18.4%20(node%20v20)",
                password: str | None = None) -> tuple[int, int]:
        """Session present, and the code of CONNACK."""
        user = f"{HOST}/{self.client}/{properties}"
        self.send(packet(0x10, text("MQTT") + b"\x04\xc0" + struct.pack(">H", 180) + text(self.client) + text(user)
                         + text(password or token(self.client))))
        first, body = self.read()
        expect(first == 0x20, first)
        return body[0], body[1]

    def publish(self, topic: str, body: bytes, qos: int = 1) -> None:
        self.last_id += 1
        self.send(packet(0x30 | qos << 1, text(topic) + (struct.pack(">H", self.last_id) if qos else b"") + body))

    def say(self, topic: str, body: bytes) -> None:
        """A publish that is acknowledged."""
        self.publish(topic, body)
        expect(self.read() == (0x40, struct.pack(">H", self.last_id)), f"no PUBACK for {topic}")

    def subscribe(self, wanted: str, qos: int = 1) -> int:
        self.last_id += 1
        self.send(packet(0x82, struct.pack(">H", self.last_id) + text(wanted) + bytes([qos])))
        first, body = self.read()
        expect(first == 0x90 and body[:2] == struct.pack(">H", self.last_id), (first, body))
        return body[2]

    def message(self) -> tuple[str, bytes]:
        """Topic and body of a QoS 1 message, which is acknowledged."""
        first, body = self.read()
        expect(first & 0xf6 == 0x32 and first & 1 == 0, f"{first:x} {body!r}")
        length = int.from_bytes(body[:2], "big")
        self.send(packet(0x40, body[2 + length:4 + length]))
        return body[2:2 + length].decode(), body[4 + length:]

    def answer(self) -> tuple[str, bytes]:
        """Topic and body of a QoS 0 message."""
        first, body = self.read()
        expect(first == 0x30, f"{first:x} {body!r}")
        length = int.from_bytes(body[:2], "big")
        return body[2:2 + length].decode(), body[2 + length:]

    def ping(self) -> None:
        self.send(b"\xc0\0")
        expect(self.read() == (0xd0, b""), "no PINGRESP")

    def leave(self) -> None:
        self.send(b"\xe0\0")
        self.socket.close()


def connected(client: str, web_socket: bool = False, **how: object) -> Client:
    one = Client(client, web_socket)
    expect(one.connect(**how)[1] == 0, f"{client} is refused")
    return one


# ---- scenarios ----

def chain() -> None:
    """Three modules: Node's over TLS, .NET's over WebSocket, Python's over TLS."""
    sensor = connected("edge-1/sensor")
    work = connected("edge-1/filter", True, properties="?api-version=2018-06-30&DeviceClientType=Microsoft.Azure.Devices.Client%2F1.42",
                     password=token("edge-1/filter", twice=True))
    sink = connected("edge-1/sink", properties="?api-version=2019-10-01&DeviceClientType=py-azure-iot-device%2F2.12")
    expect(work.subscribe("devices/edge-1/modules/filter/#") == 1, "SUBACK")
    expect(sink.subscribe("devices/edge-1/modules/sink/inputs/#") == 1, "SUBACK")
    for number in range(50):
        body = f"{number} ".encode() + b"x" * 4000
        sensor.say(EVENTS.format("sensor") + f"%24.on=raw&%24.mid=m-{number}&%24.ct=text%2Fplain&we%20ird%2F%C3%BC=a%3Db%26c/", body)
        topic, came = work.message()
        expect(topic == f"devices/edge-1/modules/filter/inputs/raw/we%20ird%2F%C3%BC=a%3Db%26c&%24.mid=m-{number}&%24.ct=text%2Fplain"
               "&%24.cdid=edge-1&%24.cmid=sensor" and came == body, topic)
        work.say(EVENTS.format("filter") + f"$.on=good&$.cid=c-{number}", came)
        topic, came = sink.message()
        expect(topic == f"devices/edge-1/modules/sink/inputs/good/%24.cid=c-{number}&%24.cdid=edge-1&%24.cmid=filter", topic)
        expect(came == body, "another body")
    for one in (sensor, work, sink):
        one.ping()  # so that nothing else has come before: no echo of an own event
        one.leave()


def leave() -> None:
    """The sink subscribes and goes. What comes meanwhile waits."""
    sink = connected("edge-1/sink")
    expect(sink.subscribe("devices/edge-1/modules/sink/inputs/#") == 1, "SUBACK")
    sink.leave()
    work = connected("edge-1/filter")
    for number in range(20):
        work.say(EVENTS.format("filter") + "%24.on=good/", str(number).encode())
    work.leave()


def kept() -> None:
    """After leave(), and whatever the hub has been through: all of it comes, and nobody has subscribed again."""
    for attempt, web_socket in enumerate((False, True)):
        sink = Client("edge-1/sink", web_socket)
        expect(sink.connect() == (1, 0), "the session is not there")
        for number in range(10 * attempt, 10 * attempt + 10):
            expect(sink.message()[1] == str(number).encode(), f"not message {number}")
        sink.leave()  # the second connection gets again what the first one has not acknowledged


def oversize() -> None:
    """By the length field alone, by one byte, and by the bag."""
    events = "devices/leaf-1/messages/events/"
    most = 262144
    for web_socket in (False, True):
        leaf = connected("leaf-1", web_socket)
        leaf.say(events, b"x" * most)
        leaf.say(events + "a=b", b"x" * (most - 3))
        leaf.send(b"\x32" + packet(0, b"x" * (most + 1000))[1:5])
        expect(leaf.is_closed(), "the length field is believed")
    for bag, body in (("", most + 1), ("a=bc", most - 3)):
        leaf = connected("leaf-1")
        leaf.publish(events + bag, b"x" * body)
        expect(leaf.is_closed(), f"{body} bytes and the bag {bag!r} are taken")
    reporter, other = connected("edge-1/filter"), connected("leaf-1")
    try:
        reporter.publish("$iothub/twin/PATCH/properties/reported/?$rid=1", b'{"a":"' + b"x" * 10_000_000 + b'"}', 0)
    except OSError:
        pass  # ended while it was still sending
    expect(reporter.is_closed(), "a twin of 10 MB")
    other.ping()
    other.leave()


def refused() -> None:
    """CONNACK 5 over both, and nothing ends the session of the real owner."""
    owner = connected("edge-1/sensor")
    for web_socket in (False, True):
        for password in (token("edge-1/sensor", b"wrong"), token("leaf-1"), "", "SharedAccessSignature sr=x"):
            other = Client("edge-1/sensor", web_socket)
            expect(other.connect(password=password or "x") == (0, 5), f"not refused with 5: {password}")
            expect(other.is_closed(), "not closed")
    newer = Client("leaf-1")
    newer.send(packet(0x10, text("MQTT") + b"\x05\xc0\x00\x3c\x00" + text("leaf-1") + text("u") + text("p")))
    expect(newer.read() == (0x20, b"\0\1"), "MQTT 5 is not refused with 1")
    owner.ping()
    owner.leave()


def hostile() -> None:
    """Each ends that client alone."""
    bystander = connected("edge-1/filter")
    bad = {"another module's events": (EVENTS.format("filter"), 1), "another's input": ("devices/edge-1/modules/filter/inputs/x", 1),
           "the hub's own topic": ("modules/sensor/outputs/x", 1), "bad percent": (EVENTS.format("sensor") + "a=%zz", 1),
           "no text": (EVENTS.format("sensor") + "a=%FF", 1), "an unknown request": ("$iothub/other/?$rid=1", 0),
           "QoS 2": (EVENTS.format("sensor"), 2)}
    for what, (topic, qos) in bad.items():
        sensor = connected("edge-1/sensor")
        sensor.publish(topic, b"1", qos)
        expect(sensor.is_closed(), what)
    many = connected("edge-1/sensor")
    many.say(EVENTS.format("sensor") + "&".join(f"k{n}" for n in range(8000)), b"many properties")
    expect(many.subscribe("#") == 0x80 and many.subscribe("devices/edge-1/modules/filter/#") == 0x80, "granted")
    foreign = connected("leaf-1/sensor")
    expect(foreign.subscribe("devices/edge-1/modules/sensor/inputs/#") == 0x80, "a namesake's inputs are granted")
    foreign.publish(EVENTS.format("sensor"), b"1")
    expect(foreign.is_closed(), "a namesake publishes")
    bystander.ping()
    many.ping()


def forms() -> None:
    """User names of several versions; C's empty twin GET and short request ids."""
    for properties in ("api-version=2016-11-14", "DeviceClientType=azure-iot-device%2F1.3.0&api-version=2017-06-30",
                       "?api-version=2021-04-12&model-id=dtmi:com:example:T;1&DeviceClientType=x"):
        connected("leaf-1", properties=properties).leave()
    leaf = connected("leaf-1")
    expect(leaf.subscribe("$iothub/twin/res/#", 0) == 0, "SUBACK")
    expect(leaf.subscribe("devices/leaf-1/messages/devicebound/#") == 1, "SUBACK")
    for body in (b"", b" "):
        leaf.publish("$iothub/twin/GET/?$rid=4", body, 0)
        expect(leaf.answer() == ("$iothub/twin/res/200/?$rid=4", b'{"desired":{"$version":1},"reported":{"$version":1}}'), "a twin")
    leaf.publish("$iothub/twin/PATCH/properties/reported/?$rid=5", b'{"a":1}', 0)
    expect(leaf.answer() == ("$iothub/twin/res/204/?$rid=5&$version=2", b""), "a report")
    leaf.say("devices/leaf-1/messages/events/$.ct=application%2Fjson&$.ce=utf-8&a%2Bb=1", b"{}")
    leaf.say("devices/leaf-1/messages/events", b"{}")


def awkward() -> None:
    """A device with every character of ids: its token encoded once as in Node, in lower case, hardly at all, and twice as in .NET."""
    odd = f"{HOST}/devices/{AWKWARD}"
    lower = re.sub("%..", lambda escape: escape[0].lower(), quote(odd))
    for resource in (quote(odd), lower, odd.replace("%", "%25").replace("=", "%3D"), quote(f"{HOST}/devices/{quote(AWKWARD)}")):
        until = str(int(time.time()) + 3600)
        signed = hmac.new(KEYS[AWKWARD], f"{resource}\n{until}".encode(), hashlib.sha256).digest()
        one = connected(AWKWARD, password=f"SharedAccessSignature se={until}&sig={quote(base64.b64encode(signed).decode())}&skn=&sr={resource}")
        expect(one.subscribe(f"devices/{AWKWARD}/messages/devicebound/#") == 1, "SUBACK")
        one.say(f"devices/{AWKWARD}/messages/events/a=b", b"{}")
        one.leave()


def many_filters() -> None:
    """C's client asks for all in one SUBSCRIBE; .NET's makes its requests with QoS 1, and subscribes so to the answers."""
    one = connected("leaf-1", properties="?api-version=2020-09-30&DeviceClientType=iothubclient%2F1.13.0%20(native%3B%20Linux%3B%20x86_64)")
    wanted = [("devices/leaf-1/messages/devicebound/#", 1), ("$iothub/methods/POST/#", 0), ("$iothub/twin/res/#", 1), ("#", 0),
              ("$iothub/twin/PATCH/properties/desired/#", 2)]
    one.send(packet(0x82, b"\0\7" + b"".join(text(name) + bytes([qos]) for name, qos in wanted)))
    expect(one.read() == (0x90, b"\0\7\1\0\1\x80\1"), "SUBACK")
    for rid in ("1f", "a7b7a3c1-0e9c-4f6f-b0a4-6a4a3f0a8a11"):
        one.publish(f"$iothub/twin/GET/?$rid={rid}", b"", 1)
        came = {one.read()[0] & 0xf0, one.read()[0] & 0xf0}
        expect(came == {0x30, 0x40}, "both PUBACK and the answer")
    one.send(packet(0xa2, b"\0\x08" + text("$iothub/methods/POST/#") + text("devices/leaf-1/messages/devicebound/#")))
    expect(one.read() == (0xb0, b"\0\x08"), "UNSUBACK")
    one.ping()


def write_identities(path: str) -> None:
    known = [{"id": name, "primary_key": base64.b64encode(key).decode(), "enabled": name != "leaf-off", "generation_id": GENERATIONS[name]}
             for name, key in KEYS.items()]
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"identities": known}, file)


def main() -> int:
    global TLS_PORT, WSS_PORT, CA_FILE
    if sys.argv[1] == "identities":
        write_identities(sys.argv[2])
        return 0
    scenario, TLS_PORT, WSS_PORT, CA_FILE = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    try:
        globals()[scenario]()
    except (AssertionError, Closed, OSError) as error:
        print(f"{scenario}: {error!r}")
        raise
    return 0


if __name__ == "__main__":
    sys.exit(main())
